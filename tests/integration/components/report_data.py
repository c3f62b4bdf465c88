"""A deployed store and ledger with runs of every verdict, to report on; what is planted must not be in a report."""

import psycopg
from psycopg import sql

from components.database.connection import Database
from components.objects.object_kind import execute
from components.objects.run_ledger import RunLedgerArgs, RunLedgerKind
from components.objects.secret_store import SecretStoreArgs, SecretStoreKind

STACK = "supabase-cron/test"
SCRIPT = "<script>document.title = 'planted-script'</script>"

JOBS = {
    "worker": "* * * * *",
    "zoom": "*/15 * * * *",
    "invoices": "0 2 * * *",
    "escalation": "0 2 * * *",
    "paused": "0 3 * * *",
    "odd": "0 14-3 * * *",  # which pg_cron takes and this project does not
}

RUNS = sql.SQL("""
INSERT INTO public.cron_runs (job, state, fired_at, settled_at, milliseconds, status_code, detail, response)
SELECT job, state, at, at + interval '1 second', ms, status, detail, 'planted-response' FROM (
    SELECT 'worker' AS job, CASE WHEN n % 50 = 0 THEN 'timed_out' ELSE 'ok' END AS state, now() - n * interval '6 minutes' AS at,
        CASE WHEN n % 2 = 0 THEN 50 + n END AS ms, CASE WHEN n % 50 = 0 THEN NULL ELSE 200 END AS status,
        CASE WHEN n % 50 = 0 THEN 'no answer within ' || n || ' s' END AS detail
    FROM generate_series(300, 1, -1) AS n
    UNION ALL SELECT 'zoom', 'failed', now() - interval '3 hours', NULL, 401, 'answered with status 401'
    UNION ALL SELECT 'invoices', 'exhausted', now() - interval '2 days', 20000, 500, 'answered with status 500'
    UNION ALL SELECT 'escalation', 'lost', now() - interval '30 hours', NULL, NULL, {script}
    UNION ALL SELECT 'escalation', 'failed', now() - interval '1 hour', NULL, NULL,
        E'ERROR:  no such key sb_secret_planted0123456789\\nLINE 1: SELECT ''planted-statement'''
    UNION ALL SELECT 'escalation', 'failed', now() - interval '2 hours', NULL, NULL,
        E'ERROR:  relation "x" does not exist\\nLINE 1: SELECT ''planted-statement'''
    UNION ALL SELECT 'zoom', 'skipped', now() - interval '5 hours', NULL, NULL, 'still running'
    UNION ALL SELECT {script}, 'ok', now() - interval '4 hours', 5, 200, NULL
    UNION ALL SELECT 'worker', 'failed', now() - interval '40 days', NULL, 500, 'planted-long-ago'
) AS runs
""")


def deploy(conninfo: str) -> None:
    """An empty store and ledger in ``public``."""
    database = Database(conninfo)
    with database.transaction() as transaction:
        execute(transaction, SecretStoreKind().plan(SecretStoreArgs(schema_name="public", stack=STACK), None))
        execute(transaction, RunLedgerKind().plan(RunLedgerArgs(schema_name="public", stack=STACK), None))
    database.close()


def fill(conninfo: str) -> None:
    """Jobs and their runs. What pg_cron itself runs meanwhile is not told: it looks as if it kept its own account."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for job, schedule in JOBS.items():
            command = f"-- supabase-cron: {STACK}/{job}\nSELECT 'planted-command' AS record_cron_run"
            connection.execute("SELECT cron.schedule(%s, %s, %s)", [job, schedule, command])
        connection.execute("SELECT cron.alter_job(jobid, active := false) FROM cron.job WHERE jobname = 'paused'")
        connection.execute(RUNS.format(script=sql.Literal(SCRIPT)))
        connection.execute("INSERT INTO public.cron_runs (job, state) VALUES ('worker', 'queued')")
