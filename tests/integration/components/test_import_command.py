"""``cronctl import database`` on a real server: what it says, what it writes, and when it writes nothing."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from components.catalogue.settings import Settings
from components.catalogue.stack_config import read_catalogue
from components.catalogue.yaml_source import read_source
from components.declaration.command import compile_command
from tests.integration.components.command_line import Said
from tests.integration.components.import_corpus import JWT, UUID_KEY

Connection = psycopg.Connection[tuple[Any, ...]]
Cronctl = Callable[..., Said]

POST = f"select net.http_post('https://a.example.com/f', headers := '{{\"X-Api-Key\": \"{UUID_KEY}\"}}'::jsonb)"
CATALOGUE = """\
# what we run
defaults:
  http:
    timeout: 30 # seconds
    auth: {hmac: signing}
    headers: {X-From: cron}
    retry: {attempts: 2, on: [timed_out]}
  active: false
secrets:
  signing: {description: "signs", format: token}
# the jobs
jobs:
  there: # already
    description: "mine"
    schedule: "0 1 * * *"
    http: {url: 'https://a.example.com/there'}
"""


def schedule(postgres: Connection, name: str | None, command: str, when: str = "0 1 * * *") -> int:
    arguments = [name, when, command] if name is not None else [when, command]
    row = postgres.execute(f"SELECT cron.schedule({', '.join(['%s'] * len(arguments))})".encode(), arguments).fetchone()
    assert row is not None
    return int(row[0])


def names_in(path: Path) -> set[str]:
    return set(read_catalogue(read_source(path), Settings(), "s", path.parent).jobs)


def test_nothing_is_written_without_write(postgres: Connection, cronctl: Cronctl, tmp_path: Path) -> None:
    schedule(postgres, "post it", POST)
    said = cronctl("import", "database", "-C", str(tmp_path))
    assert (said.code, list(tmp_path.iterdir())) == (0, [])
    assert "jobs: 1 (1 exact, 0 noted, 0 sql, 0 refused)" in said.data
    assert '+        X-Api-Key: "{example_x_api_key}"' in said.data
    assert "pulumi config set --secret --path secrets.example_x_api_key" in said.data
    assert "nothing is written yet; add --write" in said.talk
    assert UUID_KEY not in said.data + said.talk


def test_what_is_written_keeps_what_is_there_and_takes_none_of_its_defaults(
    postgres: Connection, cronctl: Cronctl, tmp_path: Path
) -> None:
    (tmp_path / "jobs.yaml").write_text(CATALOGUE)
    schedule(postgres, "there", "select 1")
    schedule(postgres, "post it", POST)
    schedule(postgres, "VACUUM & more 🧹", "vacuum analyze;\nselect 1")
    unnamed = schedule(postgres, None, "select net.http_get('https://a.example.com/ping')", "*/45 * * * *")
    said = cronctl("import", "database", "-C", str(tmp_path), "--write")
    assert said.code == 0, said
    text = (tmp_path / "jobs.yaml").read_text()
    assert [line for line in CATALOGUE.splitlines() if line not in text.splitlines()] == []
    assert text.startswith(CATALOGUE.partition("# the jobs")[0])
    jobs = read_catalogue(read_source(tmp_path / "jobs.yaml"), Settings(), "s", tmp_path).jobs
    assert set(jobs) == {"there", "post it", "VACUUM & more 🧹", "ping"}
    http = jobs["post it"].http
    assert http is not None
    assert (http.auth, http.retry, http.timeout, list(http.headers)) == (None, None, 5, ["X-Api-Key"])
    assert jobs["VACUUM & more 🧹"].sql == "vacuum analyze;\nselect 1"
    assert all(job.active and job.adopt for name, job in jobs.items() if name not in {"there", "ping"})
    assert f"SELECT cron.unschedule({unnamed});" in said.data
    assert "runs at minutes 0 and 45 of each hour" in said.data
    assert "jobs.yaml has a job of this name already" in said.data
    assert UUID_KEY not in text
    assert "  # sql, since it has 2 statements\n" in text
    again = cronctl("import", "database", "-C", str(tmp_path), "--write")
    assert "skipped" in again.data


def test_jobs_of_others_and_our_own_are_not_taken(
    postgres: Connection, superuser: Connection, cronctl: Cronctl, tmp_path: Path, install: Any
) -> None:
    from components.catalogue.job import Job

    job = Job.model_validate({"description": "d", "schedule": "0 1 * * *", "sql": "select 1"})
    schedule(postgres, "ours", compile_command("ours", job, stack="shop/prod", schema="public"))
    postgres.execute("SELECT cron.schedule_in_database('elsewhere', '0 5 * * 0', 'reindex table a', 'template1')")
    superuser.execute("SELECT cron.schedule('of another', '0 1 * * *', 'select 1')")
    said = cronctl("import", "database", "-C", str(tmp_path), "--json")
    told = {each["name"]: (each["kind"], each["reasons"]) for each in json.loads(said.data)["jobs"]}
    assert said.code == 1
    assert told["ours"][0] == "skipped"
    assert "shop/prod" in told["ours"][1][0]["sentence"]
    assert told["elsewhere"][0] == "refused"
    assert "template1" in told["elsewhere"][1][0]["sentence"]
    assert json.loads(said.data)["diff"] == ""


def test_a_command_that_fails_is_kept_and_its_meaning_written_only_by_force(
    postgres: Connection, cronctl: Cronctl, tmp_path: Path
) -> None:
    header = "'{\"Authorization\": \"Bearer ' || current_setting('app.settings.key') || '\"}'::jsonb"
    schedule(postgres, "sync", f"select net.http_post('https://a.example.com/sync', headers := {header})")
    (job,) = json.loads(cronctl("import", "database", "-C", str(tmp_path), "--json").data)["jobs"]
    assert (job["kind"], list(job["job"])[-1]) == ("sql", "sql")
    assert "invalid input syntax for type json" in job["notes"][0]["sentence"]
    assert job["meant"]["http"]["auth"] == {"bearer": "key"}
    cronctl("import", "database", "-C", str(tmp_path), "--write", "--force")
    text = (tmp_path / "jobs.yaml").read_text()
    assert "auth:" in text
    assert (
        "  # not what the command in the database does, which fails as it is written, but what it probably meant\n"
        in text
    )


def test_a_table_of_secrets_that_is_there_is_taken_over(postgres: Connection, cronctl: Cronctl, tmp_path: Path) -> None:
    postgres.execute("""
        CREATE TABLE public.cron_secrets (key text PRIMARY KEY, value text);
        INSERT INTO public.cron_secrets VALUES ('base_url', '"https://a.example.com"'), ('service_key', 'PLACEHOLDER');
        CREATE FUNCTION public.get_secret(secret_key text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$
        DECLARE v text;
        BEGIN
            SELECT btrim(value, E' \\n"') INTO v FROM public.cron_secrets WHERE key = secret_key;
            IF v IS NULL THEN RAISE EXCEPTION 'no secret %', secret_key; END IF;
            RETURN v;
        END $$
    """)
    schedule(
        postgres,
        "work",
        "select net.http_post(public.get_secret('base_url') || '/f', headers := "
        "jsonb_build_object('Authorization', 'Bearer ' || public.get_secret('service_key')))",
    )
    said = cronctl("import", "database", "-C", str(tmp_path), "--json")
    document = json.loads(said.data)
    assert document["jobs"][0]["kind"] == "noted"
    assert document["jobs"][0]["job"]["http"]["url"] == "{base_url}/f"
    assert {key: spec["format"] for key, spec in document["secrets"].items()} == {
        "base_url": "url",
        "service_key": "token",
    }
    told = " ".join(step["why"] for step in document["steps"])
    assert "these have a placeholder in cron_secrets, so their jobs never worked: service_key" in told
    assert "these have quotes or blanks around their value in cron_secrets" in told
    assert ["pulumi config set adopt true"] in [step["commands"] for step in document["steps"]]
    assert "a.example.com" not in said.data


def test_equal_jobs_and_paused_ones_are_told(postgres: Connection, cronctl: Cronctl, tmp_path: Path) -> None:
    first = schedule(postgres, "a", POST)
    paused = schedule(postgres, "b", POST)
    postgres.execute("SELECT cron.alter_job(%s, active := false)", [paused])
    jobs = json.loads(cronctl("import", "database", "-C", str(tmp_path), "--json").data)["jobs"]
    assert jobs[1]["job"]["active"] is False
    assert [note["sentence"] for note in jobs[1]["notes"] if note["code"] == "same_as"] == [
        f"does the same as job {first} ('a')"
    ]
    assert jobs[0]["secrets"] == jobs[1]["secrets"]


def test_a_key_that_cannot_be_lifted_is_told_without_it(postgres: Connection, cronctl: Cronctl, tmp_path: Path) -> None:
    schedule(postgres, "two", f"select net.http_post('https://a.example.com/f?token={JWT}'); select 1")
    said = cronctl("import", "database", "-C", str(tmp_path), "--write")
    assert (said.code, list(tmp_path.iterdir())) == (1, [])
    assert "cannot be lifted since it has 2 statements" in said.data
    assert JWT not in said.data + said.talk


def test_a_wrong_catalogue_and_defaults_that_would_change_a_job_write_nothing(
    postgres: Connection, cronctl: Cronctl, tmp_path: Path
) -> None:
    path = tmp_path / "jobs.yaml"
    schedule(postgres, "null", "select net.http_post('https://a.example.com/f', '{\"a\": null}')")
    for text, sentence in (
        ("jobs: [\n", "invalid YAML"),
        ("jobs: {a: {schedule: x}}\n", "jobs.a"),
        ("defaults: {http: {body: {a: 1}}}\n", "its defaults would change the job 'null'"),
    ):
        path.write_text(text)
        said = cronctl("import", "database", "-C", str(tmp_path), "--write")
        assert (said.code, path.read_text()) == (3, text)
        assert sentence in said.talk


def test_a_database_without_jobs_or_rights_is_one_sentence(
    postgres: Connection, superuser: Connection, cronctl: Cronctl, conninfo: str, tmp_path: Path
) -> None:
    superuser.execute("CREATE DATABASE import_without_cron")
    superuser.execute("CREATE ROLE import_stranger LOGIN PASSWORD 'planted-login'")
    try:
        without = make_conninfo(conninfo, dbname="import_without_cron")
        stranger = make_conninfo(conninfo, user="import_stranger", password="planted-login")
        for url, sentence in ((without, "has no pg_cron"), (stranger, "may not read cron.job")):
            said = cronctl("import", "database", "-C", str(tmp_path), "--write", SUPABASE_CRON_DATABASE_URL=url)
            assert said.code == 3, said
            assert [line for line in said.talk.splitlines() if sentence in line] == said.talk.splitlines()
            assert list(tmp_path.iterdir()) == []
    finally:
        superuser.execute("DROP DATABASE import_without_cron")
        superuser.execute("DROP ROLE import_stranger")


def test_a_folder_that_cannot_be_written_is_told(postgres: Connection, cronctl: Cronctl, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        folder = tmp_path / "missing"
    else:
        folder = tmp_path
        folder.chmod(0o500)
    schedule(postgres, "post it", POST)
    said = cronctl("import", "database", "-C", str(folder), "--write")
    assert said.code == 3
    assert "name another file with --catalogue" in said.talk
