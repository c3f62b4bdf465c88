"""Jobs against a real pg_cron: whose they are, what survives, and names that mean harm."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from components.cron_job import CronJobProvider
from components.errors import Conflict, Error
from components.objects.cron_job import CronJobKind
from components.objects.object_kind import Statements

STACK = "supabase-cron/test"
Props = dict[str, Any]
Provide = Callable[..., Any]
Connection = psycopg.Connection[tuple[Any, ...]]

HOSTILE_NAMES = [
    "Robert'); DROP TABLE cron.job; --",
    'a "quoted" name',
    "back\\slash",
    "100% {braces} $1 %s",
    "ünïcödé 任务",
]


def job(name: str = "nightly", **changes: Any) -> Props:
    command = f"-- supabase-cron: {STACK}/{name}\nSELECT 'it''s {{}} %s $$'"
    return {"name": name, "schedule": "0 1 * * *", "command": command, "owner": STACK, **changes}


def rows(postgres: Connection) -> list[tuple[Any, ...]]:
    return postgres.execute("SELECT jobname::text, schedule, active FROM cron.job ORDER BY jobname").fetchall()


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_hostile_name_is_a_name(name: str, provide: Provide, postgres: Connection) -> None:
    created = provide(CronJobProvider).create(job(name))
    assert rows(postgres) == [(name, "0 1 * * *", True)]
    stored = postgres.execute("SELECT command FROM cron.job").fetchone()
    assert stored == (job(name)["command"],)
    provide(CronJobProvider).delete(created.id, created.outs)
    assert rows(postgres) == []


def test_the_jobid_survives_updates_and_drift(provide: Provide, postgres: Connection) -> None:
    created = provide(CronJobProvider).create(job())
    jobid = created.outs["jobid"]
    postgres.execute("SELECT cron.alter_job(%s, schedule := '1 1 * * *', active := false)", [jobid])
    news = job(schedule="5 5 * * *", command=job()["command"] + " -- more")
    updated = provide(CronJobProvider).update(created.id, created.outs, news)
    assert updated.outs["jobid"] == jobid
    assert rows(postgres) == [("nightly", "5 5 * * *", True)]


def test_a_paused_job_is_created_paused_and_can_be_resumed(provide: Provide, postgres: Connection) -> None:
    created = provide(CronJobProvider).create(job(active=False))
    assert rows(postgres) == [("nightly", "0 1 * * *", False)]
    provide(CronJobProvider).update(created.id, created.outs, job(active=True))
    assert rows(postgres) == [("nightly", "0 1 * * *", True)]


def test_a_job_that_nobody_manages_is_not_taken_over_silently(provide: Provide, postgres: Connection) -> None:
    postgres.execute("SELECT cron.schedule('nightly', '9 9 * * *', 'SELECT 9')")
    (failure,) = provide(CronJobProvider).check({}, job()).failures
    assert "exists already" in failure.reason
    assert "adopt" in failure.reason
    with pytest.raises(Conflict):
        provide(CronJobProvider).create(job())
    assert rows(postgres) == [("nightly", "9 9 * * *", True)]
    assert provide(CronJobProvider).check({}, job(adopt=True)).failures == []
    provide(CronJobProvider).create(job(adopt=True))
    assert rows(postgres) == [("nightly", "0 1 * * *", True)]


def test_a_job_of_another_stack_is_refused_even_with_adopt(provide: Provide, postgres: Connection) -> None:
    postgres.execute("SELECT cron.schedule('nightly', '9 9 * * *', E'-- supabase-cron: other/prod/nightly\\nSELECT 9')")
    (failure,) = provide(CronJobProvider).check({}, job(adopt=True)).failures
    assert "belongs to the stack other/prod" in failure.reason
    with pytest.raises(Conflict, match="other/prod"):
        provide(CronJobProvider).create(job(adopt=True))
    assert rows(postgres) == [("nightly", "9 9 * * *", True)]


def test_a_job_of_another_role_is_refused(provide: Provide, superuser: Connection) -> None:
    superuser.execute("SELECT cron.schedule('nightly', '9 9 * * *', 'SELECT 9')")
    (failure,) = provide(CronJobProvider).check({}, job(adopt=True)).failures
    assert "belongs to the role" in failure.reason


def test_a_rename_is_a_replacement_that_deletes_first(provide: Provide) -> None:
    created = provide(CronJobProvider).create(job())
    diff = provide(CronJobProvider).diff(created.id, created.outs, job("renamed"))
    assert diff.changes
    assert diff.replaces == ["name"]
    assert diff.delete_before_replace


def test_a_command_that_somebody_changed_gives_the_engine_no_orders(provide: Provide, postgres: Connection) -> None:
    created = provide(CronJobProvider).create(job())
    theirs = "SELECT 'a\ttab' -- \x1b[31m <{%reset%}> \u202e \r+\n"
    postgres.execute("SELECT cron.alter_job(%s, command := %s)", [created.outs["jobid"], theirs])
    read = provide(CronJobProvider).read(created.id, created.outs)
    for told in (read.outs, read.inputs):
        assert told["command"] == "SELECT 'a\\ttab' -- \\x1b[31m <\\{%reset%\\}> \\u202e \\r+\n"
    assert provide(CronJobProvider).diff(created.id, read.outs, job()).changes
    provide(CronJobProvider).update(created.id, read.outs, job())
    assert provide(CronJobProvider).read(created.id, created.outs).outs["command"] == job()["command"]


def test_numbers_that_the_engine_made_floats_stay_whole(provide: Provide) -> None:
    created = provide(CronJobProvider).create(job())
    floats = {**created.outs, "jobid": float(created.outs["jobid"])}
    read = provide(CronJobProvider).read(created.id, floats)
    assert isinstance(read.outs["jobid"], int)
    assert not provide(CronJobProvider).diff(created.id, floats, job()).changes


def test_a_role_without_rights_is_told_what_it_lacks(provide: Provide, superuser: Connection, conninfo: str) -> None:
    superuser.execute("DROP ROLE IF EXISTS bystander")
    superuser.execute("CREATE ROLE bystander LOGIN PASSWORD 'local'")
    try:
        url = psycopg.conninfo.make_conninfo(conninfo, user="bystander", password="local")
        (failure,) = provide(CronJobProvider, url).check({}, job()).failures
        assert "cannot be scheduled by bystander, which lacks USAGE on schema cron" in failure.reason
    finally:
        superuser.execute("DROP ROLE bystander")


def test_a_paused_job_may_have_a_schedule_that_never_runs_and_none_that_pg_cron_refuses(
    provide: Provide, postgres: Connection
) -> None:
    provider = provide(CronJobProvider)
    (failure,) = provider.check({}, job(schedule="0 0 30 2 *")).failures
    assert "never runs" in failure.reason
    (failure,) = provider.check({}, job(schedule="*/0 * * * *", active=False)).failures
    assert "step of 0" in failure.reason
    paused = job(schedule="0 0 30 2 *", active=False)
    assert not provider.check({}, paused).failures
    provider.create(paused)
    assert rows(postgres) == [("nightly", "0 0 30 2 *", False)]


def test_a_wrong_schedule_and_a_long_name_are_told_before_anything_is_made(
    provide: Provide, postgres: Connection
) -> None:
    (failure,) = provide(CronJobProvider).check({}, job(schedule="0 14-3 * * *")).failures
    assert "14-3" in failure.reason
    version = postgres.execute("SELECT extversion FROM pg_extension WHERE extname = 'pg_cron'").fetchone()
    long = provide(CronJobProvider).check({}, job("x" * 64)).failures
    assert bool(long) == (version == ("1.4-1",))
    assert rows(postgres) == []


def test_what_changed_since_it_was_seen_is_looked_at_again(provide: Provide, postgres: Connection) -> None:
    created = provide(CronJobProvider).create(job())
    provider = provide(CronJobProvider)
    assert not provider.diff(created.id, created.outs, job()).changes
    postgres.execute("SELECT cron.alter_job(%s, schedule := '9 9 * * *', active := false)", [created.outs["jobid"]])
    updated = provider.update(created.id, created.outs, job(schedule="5 5 * * *"))
    assert updated.outs["jobid"] == created.outs["jobid"]
    assert rows(postgres) == [("nightly", "5 5 * * *", True)]


def test_a_job_that_others_never_leave_alone_is_told(
    provide: Provide, postgres: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = provide(CronJobProvider).create(job())
    plan = CronJobKind.plan
    minutes = iter(range(60))

    def too_late(self: CronJobKind, *arguments: Any) -> Statements:
        postgres.execute("SELECT cron.alter_job(%s, %s)", [created.outs["jobid"], f"{next(minutes)} 9 * * *"])
        return plan(self, *arguments)

    monkeypatch.setattr(CronJobKind, "plan", too_late)
    with pytest.raises(Error, match=r"cron job 'nightly': was changed by others 5 times .* try again"):
        provide(CronJobProvider).update(created.id, created.outs, job(schedule="5 5 * * *"))
    assert rows(postgres) == [("nightly", "4 9 * * *", True)]


def test_a_job_made_since_it_was_looked_for_is_not_taken_over(provide: Provide, postgres: Connection) -> None:
    provider = provide(CronJobProvider)
    assert provider.check({}, job()).failures == []
    postgres.execute("SELECT cron.schedule('nightly', '9 9 * * *', 'SELECT 9')")
    with pytest.raises(Conflict, match="exists already"):
        provider.create(job())
    assert rows(postgres) == [("nightly", "9 9 * * *", True)]


def test_a_job_that_became_anothers_since_it_was_seen_is_not_deleted(provide: Provide, postgres: Connection) -> None:
    created = provide(CronJobProvider).create(job())
    provider = provide(CronJobProvider)
    assert provider.read(created.id, created.outs).id == "nightly"
    command = "-- supabase-cron: other/prod/nightly\nSELECT 9"
    postgres.execute("SELECT cron.alter_job(%s, command := %s)", [created.outs["jobid"], command])
    with pytest.raises(Conflict, match="other/prod"):
        provider.delete(created.id, created.outs)
    assert rows(postgres) == [("nightly", "0 1 * * *", True)]


def test_a_job_is_made_and_removed_in_the_same_run(provide: Provide, postgres: Connection) -> None:
    provider = provide(CronJobProvider)
    assert provider.check({}, job()).failures == []
    created = provider.create(job())
    assert provider.read(created.id, created.outs).id == "nightly"
    provider.delete(created.id, created.outs)
    assert rows(postgres) == []
    assert provider.read(created.id, created.outs).id is None


def test_anothers_job_of_the_same_name_stays_when_ours_goes(
    provide: Provide, postgres: Connection, superuser: Connection, superuser_conninfo: str
) -> None:
    created = provide(CronJobProvider, superuser_conninfo).create(job())
    postgres.execute("SELECT cron.schedule('nightly', '9 9 * * *', 'SELECT 9')")
    provide(CronJobProvider, superuser_conninfo).delete(created.id, created.outs)
    assert rows(superuser) == [("nightly", "9 9 * * *", True)]
