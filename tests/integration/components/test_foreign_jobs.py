"""Jobs that others made beside ours: ``cronctl status --all`` tells of them, and no command of theirs is shown."""

import json
from collections.abc import Callable

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from components.database.connection import Database
from components.objects.stack_mark import mark
from components.runs.foreign_jobs import foreign_jobs
from tests.integration.components.command_line import Said
from tests.integration.components.test_runs import deployed  # noqa: F401 - the fixture

Connection = psycopg.Connection
KEY = "planted-key-of-a-foreign-job"


@pytest.fixture
def made_by_hand(deployed: None, postgres: Connection, superuser: Connection) -> None:  # noqa: F811
    schedule = "SELECT cron.schedule(%s, %s, %s)"
    postgres.execute(schedule, ["by hand", "0 3 * * *", f"SELECT '{KEY}'"])
    postgres.execute("SELECT cron.schedule('7 7 * * *', 'SELECT 7')")
    postgres.execute(schedule, ["theirs", "0 4 * * *", f"-- {mark('shop/prod', 'theirs')}\nSELECT 4"])
    superuser.execute(
        "INSERT INTO cron.job_run_details (jobid, runid, database, username, status, start_time, end_time) "
        "SELECT jobid, nextval('cron.runid_seq'), database, username, s.status, now() - s.ago, now() - s.ago "
        "FROM cron.job, (VALUES ('succeeded', interval '2 days'), ('failed', interval '1 day')) AS s (status, ago) "
        "WHERE jobname = 'by hand' ORDER BY s.ago DESC"
    )


def test_all_jobs_are_told_beside_ours(made_by_hand: None, cronctl: Callable[..., Said]) -> None:
    document = json.loads(cronctl("status", "--all", "--json").data)
    found = {each["job"]: each for each in document["foreign_jobs"]}
    assert found.keys() == {"by hand", None, "theirs"}
    assert {each["job"] for each in document["jobs"]}.isdisjoint(found)
    by_hand = found["by hand"]
    assert (by_hand["schedule"], by_hand["stack"], by_hand["last_result"]) == ("0 3 * * *", None, "failed")
    assert found["theirs"]["stack"] == "shop/prod"
    assert "foreign_jobs" not in json.loads(cronctl("status", "--json").data)

    said = cronctl("status", "--all")
    assert "by hand" in said.data
    assert f"(jobid {found[None]['jobid']})" in said.data
    assert "stack shop/prod" in said.data
    assert KEY not in said.data + said.talk + json.dumps(document)
    assert "by hand" not in cronctl("status").data


def test_a_job_whose_last_run_is_long_ago(made_by_hand: None, conninfo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("components.runs.foreign_jobs.NEWEST", 0)
    database = Database(conninfo)
    jobs, unseen = foreign_jobs(database, set())
    database.close()
    assert unseen is None
    assert [job.last_run for job in jobs if job.title == "by hand"] == [None]


def test_a_database_without_pg_cron_has_a_sentence(conninfo: str) -> None:
    database = Database(make_conninfo(conninfo, dbname="template1"))
    jobs, unseen = foreign_jobs(database, set())
    database.close()
    assert jobs == []
    assert unseen is not None
    assert unseen.startswith('the other jobs of pg_cron cannot be told: relation "cron.job" does not exist')
