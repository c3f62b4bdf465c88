"""Bad input, each mistake one sentence with its place; and what is merged from where."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
import pytest

from components.catalogue.stack_config import Config, load_config, merge_patch
from components.declaration.declared_objects import declare
from components.errors import InvalidConfiguration
from components.objects.stack_mark import StackName

NOW = datetime(2026, 11, 24, tzinfo=UTC)
KEY = "k" * 32


def token(**claims: Any) -> str:
    return jwt.encode({"role": "service_role", "exp": NOW.timestamp() + 90 * 86400, **claims}, KEY)


VALUES = {"supabase_url": "https://ref.supabase.co", "service_role_key": token(), "cron_secret": "planted-token"}

CATALOGUE = """\
secrets:
  supabase_url: {description: where, format: url}
  service_role_key: {description: key, format: jwt, role: service_role}
  cron_secret: {description: token, format: token}
defaults:
  http: {timeout: 10}
jobs:
  nightly:
    description: nightly
    schedule: 0 1 * * *
    http:
      url: "{supabase_url}/functions/v1/nightly"
      headers:
        Authorization: Bearer {service_role_key}
      body: {a: 1}
"""


def load(
    tmp_path: Path,
    text: str = CATALOGUE,
    values: dict[str, str] | None = None,
    environment: dict[str, str] | None = None,
    **settings: Any,
) -> Config:
    (tmp_path / "jobs.yaml").write_text(text, encoding="utf-8")
    return load_config(
        {"secrets": json.dumps(VALUES if values is None else values), **settings},
        stack=StackName("supabase-cron", "dev"),
        root=tmp_path,
        environment=environment or {},
        now=NOW,
    )


def problems(tmp_path: Path, text: str = CATALOGUE, **more: Any) -> list[str]:
    with pytest.raises(InvalidConfiguration) as refused:
        load(tmp_path, text, **more)
    assert "planted" not in str(refused.value)
    assert VALUES["service_role_key"] not in str(refused.value)
    return list(refused.value.problems)


def test_a_good_catalogue_loads_with_defaults_filled_in(tmp_path: Path) -> None:
    config = load(tmp_path)
    job = config.catalogue.jobs["nightly"]
    assert job.http is not None
    assert (job.http.timeout, job.http.method, job.active) == (10, "POST", True)
    assert config.secrets["cron_secret"].get_secret_value() == "planted-token"
    assert "planted" not in repr(config)
    assert config.warnings == ()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("schedule:", "shedule:", ["jobs.yaml:8:3: jobs.nightly.schedule: is missing",
                                   "jobs.yaml:10:5: jobs.nightly.shedule: unknown field 'shedule'; did you mean 'schedule'?"]),
        ("body: {a: 1}", "bodi: {a: 1}", ["jobs.yaml:15:7: jobs.nightly.http.bodi: unknown field 'bodi'; did you mean 'body'?"]),
        ("format: token", "formt: token", ["jobs.yaml:4:3: secrets.cron_secret.format: is missing",
                                           "jobs.yaml:4:37: secrets.cron_secret.formt: unknown field 'formt'; did you mean 'format'?"]),
        ("{service_role_key}", "{servce_role_key}", ["jobs.yaml:11:5: jobs.nightly.http: reads the unknown secret "
                                                     "'servce_role_key'; did you mean 'service_role_key'?"]),
        ('"{supabase_url}/functions', '"http://example.com/functions',
         ["jobs.yaml:12:7: jobs.nightly.http.url: goes to example.com without https, which would send the keys in clear; "
          "use https://"]),
        ("{timeout: 10}", "{timeout: 0}", ["jobs.yaml:6:10: defaults.http.timeout: input should be greater than or equal to 0.001"]),
        ("{timeout: 10}", "{timeout: 400}", ["jobs.yaml:6:10: defaults.http.timeout: input should be less than or equal to 150"]),
        ("Bearer {service_role_key}", "Bearer {service_role_key", None),
        ("  nightly:\n", "  nightly: {}\n  nightly:\n", ["{path}:9:3: 'nightly' is declared twice; remove one"]),
        ("0 1 * * *", "0 0 1 * * *", None),
        ("    http:\n", "    sql: SELECT 1\n    http:\n", ["jobs.yaml:8:3: jobs.nightly: needs exactly one action: 'http' or 'sql'"]),
        ("body: {a: 1}", "method: GET\n      body: {a: 1}", ["jobs.yaml:11:5: jobs.nightly.http: a GET has no body; use POST or remove 'body'"]),
        ("        Authorization", "        authorization: x\n        Authorization",
         ["jobs.yaml:11:5: jobs.nightly.http: header 'authorization' is given twice; header names know no case, keep one"]),
        ("        Authorization", "        Content-Type: text/plain\n        Authorization", None),
        ("jobs:\n", "jobs: [\n", ["{path}:9:16: invalid YAML: while parsing a flow sequence did not find expected ',' or ']'"]),
    ],
)  # fmt: skip
def test_each_mistake_in_the_catalogue_is_told_with_its_place(
    old: str, new: str, expected: list[str] | None, tmp_path: Path
) -> None:
    assert old in CATALOGUE
    found = problems(tmp_path, CATALOGUE.replace(old, new, 1))
    if expected is None:
        assert len(found) == 1
        assert found[0].startswith("jobs.yaml:1")
    else:
        assert found == [text.replace("{path}", str(tmp_path / "jobs.yaml")) for text in expected]


def test_a_value_that_slipped_into_a_headers_name_is_not_shown(tmp_path: Path) -> None:
    (problem,) = problems(
        tmp_path, CATALOGUE.replace("Authorization: Bearer {service_role_key}", "X-Api-Key:planted: x")
    )
    assert problem == (
        "jobs.yaml:14:9: jobs.nightly.http.headers.X-Api-Key: 'X-Api-Key' has its value in its name; write them apart, "
        "with ': ' between"
    )


@pytest.mark.parametrize("order", [r"\e[31m", r"\0", r"\x9b", "<{%reset", "reset%}>"])
@pytest.mark.parametrize("text", ['body: {{a: ["x{}"]}}', 'body: {{"x{}": 1}}'])
def test_a_text_that_would_order_a_terminal_about_is_refused(text: str, order: str, tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, CATALOGUE.replace("body: {a: 1}", text.format(order)))
    assert problem.startswith("jobs.yaml:15:")
    assert problem.endswith(
        ": holds a control character or a colour directive of the engine's (<{% or %}>); leave it out"
    )


def test_a_text_may_have_tabs_lines_and_every_script(tmp_path: Path) -> None:
    text = r'description: "tab \t, lines \n\r, \u05d0 \u200f, 100 %, {%}"'
    assert load(tmp_path, CATALOGUE.replace("description: nightly", text)).catalogue.jobs["nightly"].description


@pytest.mark.parametrize(
    ("probe", "rotators", "refused"),
    [
        ('{url: "{supabase_url}/x", auth: {bearer: cron_secret}}', ["alice"], False),
        (
            '{url: "{supabase_url}/x", auth: {bearer: cron_secret}, headers: {apikey: "{service_role_key}"}}',
            ["alice"],
            True,
        ),
        ('{url: "{supabase_url}/x", auth: {bearer: cron_secret}, headers: {apikey: "{service_role_key}"}}', [], False),
        ('{url: "{supabase_url}/{cron_secret}", auth: {hmac: service_role_key}}', ["alice"], False),
    ],
)
def test_a_probe_shows_no_other_key_to_those_who_rotate(
    probe: str, rotators: list[str], refused: bool, tmp_path: Path
) -> None:
    text = CATALOGUE.replace("cron_secret: {description: token,", f"cron_secret: {{description: token, probe: {probe},")
    if not refused:
        assert load(tmp_path, text, rotators=rotators).catalogue
        return
    (problem,) = problems(tmp_path, text, rotators=rotators)
    assert problem.startswith(
        "secret 'cron_secret' has a probe that sends 'service_role_key' as well, which whoever may"
    )


def test_a_timeout_longer_than_the_period_is_refused(tmp_path: Path) -> None:
    text = CATALOGUE.replace("0 1 * * *", "'* * * * *'").replace("timeout: 10", "timeout: 61")
    (problem,) = problems(tmp_path, text)
    assert "timeout of 61 s is longer than the 60 s between two runs" in problem


def test_a_long_timeout_warns_of_early_drop_unless_the_work_is_said_to_be_short(tmp_path: Path) -> None:
    text = CATALOGUE.replace("timeout: 10", "timeout: 60")
    (warning,) = load(tmp_path, text).warnings
    assert "EarlyDrop" in warning
    assert warning.startswith("job 'nightly' ")
    said = text.replace("    schedule", "    expected_duration: 15\n    schedule")
    assert load(tmp_path, said).warnings == ()


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("cron_secret", "", "is empty"),
        ("cron_secret", "placeholder-planted", "is still a placeholder"),
        ("cron_secret", '"planted"', "has quotes around it"),
        ("cron_secret", "planted\n", "has a line break or blanks around it"),
        ("cron_secret", " planted", "has a line break or blanks around it"),
        ("cron_secret", "plan\x07ted", "holds control characters"),
        ("cron_secret", "planted" * 2000, "is longer than 8192 bytes"),
        ("supabase_url", "planted.supabase.co", "is not a web address"),
        ("supabase_url", "http://planted.supabase.co", None),
        ("supabase_url", "https://ref.supabase.co/", "ends with '/'"),
        ("service_role_key", token(role="anon"), "is a JWT for the role 'anon', but must be one for 'service_role'"),
        ("service_role_key", token(role=None), "is a JWT for the role none, but must be one for 'service_role'"),
        ("service_role_key", token(exp=NOW.timestamp() - 1), "is an expired JWT"),
        ("service_role_key", "planted", "is not a JWT"),
        ("service_role_key", "sb_secret_planted", "is a new API key (sb_…), not a JWT"),
    ],
)
def test_each_wrong_value_is_told_without_showing_it(
    key: str, value: str, expected: str | None, tmp_path: Path
) -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        load(tmp_path, values={**VALUES, key: value})
    (problem,) = refused.value.problems
    assert problem.startswith(f"secret {key!r} ")
    assert f"pulumi config set --secret --path secrets.{key} --stack dev" in problem
    if expected is not None:
        assert expected in problem
        assert "planted" not in problem


@pytest.mark.parametrize(
    ("days", "expected"),
    [(0.5, "expires in less than a day"), (1.5, "expires in 1 day,"), (13.9, "expires in 13 days,"), (14.1, None)],
)
def test_a_jwt_that_expires_soon_is_warned_of(days: float, expected: str | None, tmp_path: Path) -> None:
    config = load(tmp_path, values={**VALUES, "service_role_key": token(exp=NOW.timestamp() + days * 86400)})
    if expected is None:
        assert config.warnings == ()
    else:
        (warning,) = config.warnings
        assert warning.startswith(f"secret 'service_role_key' is a JWT that {expected}")


def test_a_new_key_as_a_bearer_is_refused(tmp_path: Path) -> None:
    text = CATALOGUE.replace("format: jwt, role: service_role", "format: api_key")
    (problem,) = problems(tmp_path, text, values={**VALUES, "service_role_key": "sb_secret_planted"})
    assert problem.startswith("job 'nightly' sends 'service_role_key' in Authorization, but it is a new API key")


def test_a_missing_and_an_undeclared_value_are_both_told(tmp_path: Path) -> None:
    values = {key: value for key, value in VALUES.items() if key != "cron_secret"} | {"cron_secrt": "planted"}
    undeclared, missing = problems(tmp_path, values=values)
    assert undeclared == (
        "secret 'cron_secrt' has a value in stack dev but is not declared; did you mean 'cron_secret'?"
    )
    assert missing.startswith("secret 'cron_secret' has no value in stack dev; run: pulumi config set --secret")


def test_the_environment_comes_before_the_configuration(tmp_path: Path) -> None:
    config = load(tmp_path, environment={"SUPABASE_CRON_SECRET_CRON_SECRET": "other"})
    assert config.secrets["cron_secret"].get_secret_value() == "other"


def test_a_stack_overrides_any_field_of_a_job(tmp_path: Path) -> None:
    patch = {
        "nightly": {
            "schedule": "5 5 * * *",
            "active": False,
            "http": {"headers": {"Authorization": None, "X-Scheduler-Token": "{cron_secret}"}},
        }
    }
    job = load(tmp_path, jobs=json.dumps(patch)).catalogue.jobs["nightly"]
    assert job.http is not None
    assert (job.schedule.text, job.active) == ("5 5 * * *", False)
    assert {name: value.text for name, value in job.http.headers.items()} == {"X-Scheduler-Token": "{cron_secret}"}


def test_a_wrong_override_is_told_with_the_stacks_file(tmp_path: Path) -> None:
    assert problems(tmp_path, jobs=json.dumps({"nigtly": {"active": False}})) == [
        "Pulumi.dev.yaml: jobs: no job 'nigtly' to override; did you mean 'nightly'?"
    ]
    (problem,) = problems(tmp_path, jobs=json.dumps({"nightly": {"actve": False}}))
    assert problem == "Pulumi.dev.yaml: jobs.nightly.actve: unknown field 'actve'; did you mean 'active'?"


def test_an_unknown_key_of_the_stack_is_told(tmp_path: Path) -> None:
    assert problems(tmp_path, rotator="[]x") == [
        "Pulumi.dev.yaml: supabase-cron:rotator: unknown field 'rotator'; did you mean 'rotators'?"
    ]


def test_a_structure_that_is_none_is_told(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, rotators="alice")
    assert "'rotators' must be a structure" in problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "is empty"),
        ("- a\n", "holds a sequence"),
        ("a", "holds a text"),
        ("1", "holds a number"),
        ("a: !!nope [\n", ":2:1: invalid YAML"),
    ],
)
def test_a_file_that_is_no_catalogue(text: str, expected: str, tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, text)
    assert expected in problem


def test_a_missing_catalogue_and_one_that_is_no_text(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, catalogue="nowhere.yaml")
    assert problem.endswith(
        "nowhere.yaml: no such file; cronctl init writes one, and pulumi config set catalogue FILE names another"
    )
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe")
    (problem,) = problems(tmp_path, catalogue="binary.yaml")
    assert problem.endswith("cannot be read: it is not UTF-8 text")
    (problem,) = problems(tmp_path, catalogue=".")
    assert problem.endswith("cannot be read: Is a directory")


def test_the_example_catalogue_has_the_six_jobs(request: pytest.FixtureRequest) -> None:
    root = request.config.rootpath
    values = {
        **VALUES,
        "edge_function_url": "https://ref.supabase.co/functions/v1",
        "scheduler_secret_token": "planted",
    }
    config = load_config(
        {"catalogue": "examples/six-jobs.yaml", "secrets": values},
        stack=StackName("supabase-cron", "prod"),
        root=root,
        environment={},
        now=NOW,
    )
    assert {name: job.schedule.text for name, job in config.catalogue.jobs.items()} == {
        "generate-t5-invoices": "0 1 * * *",
        "run-escalation-orchestration": "0 2 * * *",
        "schedule-create-zoom": "*/15 * * * *",
        "generate-monthly-invoices": "0 2 * * *",
        "escalate-overdue-bookings": "0 6 * * *",
        "notification-worker": "* * * * *",
    }
    assert config.warnings == ()


@pytest.mark.parametrize(
    ("job", "there"),
    [
        ("http: {url: 'https://example.com/', timeout: 5}, catch_up: latest", True),
        ("http: {url: 'https://example.com/', timeout: 5, retry: {attempts: 2}}", False),
        ("sql: \"SELECT FROM begin_cron_run('j', '{}')\"", True),
        ("sql: SELECT 1", False),
    ],
)
def test_a_job_that_executes_others_commands_is_there_where_one_needs_it(tmp_path: Path, job: str, there: bool) -> None:
    (tmp_path / "jobs.yaml").write_text(
        f"jobs: {{j: {{description: d, schedule: 0 1 * * *, {job}}}}}\n", encoding="utf-8"
    )
    config = load_config({}, stack=StackName("supabase-cron", "prod"), root=tmp_path, environment={}, now=NOW)
    expected = {"cron-runs-sweep-public", *(["cron-catch-up-public"] if there else [])}
    assert set(declare(config).own_jobs) == expected


def test_merge_patch_is_rfc_7396() -> None:
    assert merge_patch({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": None, "e": 4}, "d": [1]}) == {
        "a": {"c": 2, "e": 4},
        "d": [1],
    }


LOCAL: dict[str, Any] = {"databaseUrl": "postgresql://postgres@127.0.0.1:54322/postgres"}
REMOTE: dict[str, Any] = {"databaseUrl": "postgresql://postgres@db.example/postgres"}
CONTAINERS = ["host.docker.internal", "kong", "supabase_kong_app"]


def test_containers_beside_a_database_on_this_machine_need_no_https(tmp_path: Path) -> None:
    for address in ("http://host.docker.internal:54321", "http://kong:8000", "http://supabase_kong_app:8000"):
        values = {**VALUES, "supabase_url": address}
        config = load(tmp_path, values=values, plainHttpHosts=json.dumps(CONTAINERS), **LOCAL)
        assert declare(config).secrets["supabase_url"].hosts == [f"http://{host}" for host in CONTAINERS]
        assert declare(config).secrets["cron_secret"].hosts is None
        (refused,) = problems(tmp_path, values=values, **LOCAL)
        assert "without https" in refused
        assert "or name it in plainHttpHosts if it is a container beside a database on this machine" in refused
        written = CATALOGUE.replace("{supabase_url}/", f"{address}/")
        assert load(tmp_path, written, plainHttpHosts=json.dumps(CONTAINERS), **LOCAL)
        assert "without https" in problems(tmp_path, written, **LOCAL)[0]


@pytest.mark.parametrize(
    ("hosts", "database", "expected"),
    [
        (["kong"], REMOTE, "this stack's is on another; remove it, and use https"),
        (["kong"], {"databaseUrl": "host=127.0.0.1,db.example"}, "this stack's is on another"),
        (["kong"], {}, "no database to connect to"),
        (["api.example.com"], LOCAL, "'api.example.com' is none of containers on one machine"),
        (["10.0.0.7"], LOCAL, "'10.0.0.7' is none of containers"),
        (["134744072"], LOCAL, "'134744072' is none of containers"),
        (["[2001:db8::1]"], LOCAL, "is none of containers"),
        (["http://kong"], LOCAL, "is no host; write its name alone"),
    ],
)
def test_plain_http_goes_nowhere_else(
    hosts: list[str], database: dict[str, Any], expected: str, tmp_path: Path
) -> None:
    found = problems(tmp_path, plainHttpHosts=json.dumps(hosts), **database)
    assert expected in found[0]


@pytest.mark.parametrize(
    "address", ["http://kong.example:8000", "http://me@kong.example", "http://kongx", "ftp://kong"]
)
def test_a_container_is_meant_by_its_whole_name(address: str, tmp_path: Path) -> None:
    values = {**VALUES, "supabase_url": address}
    assert problems(tmp_path, values=values, plainHttpHosts=json.dumps(CONTAINERS), **LOCAL)


def test_spans_of_time_are_written_as_people_do(tmp_path: Path) -> None:
    text = CATALOGUE.replace("timeout: 10", "timeout: 1m").replace("format: url}", "format: url, grace: 1 day}")
    config = load(tmp_path, text)
    job = config.catalogue.jobs["nightly"]
    assert job.http is not None
    assert (job.http.timeout, config.catalogue.secrets["supabase_url"].grace) == (60, 86400)
    (problem,) = problems(tmp_path, CATALOGUE.replace("timeout: 10", "timeout: soon"))
    assert problem.endswith("'soon' is no time; write it like 30m, 90s, 24h, 7d or 1 day")
    (problem,) = problems(tmp_path, CATALOGUE.replace("timeout: 10", "timeout: 0s"))
    assert problem.endswith("input should be greater than or equal to 0.001")
