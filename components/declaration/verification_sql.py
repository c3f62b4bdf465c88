"""SQL by which a person checks a stack's objects by hand; it reads no value of a secret."""

from psycopg import sql

from components.catalogue.jobs_file import Catalogue

_CHECKS = """\
-- extensions
SELECT extname, extversion FROM pg_extension WHERE extname IN ('pg_cron', 'pg_net');
-- secrets: set or not, never their values
SELECT key, CASE WHEN value ILIKE 'placeholder%' OR value = '' THEN 'NOT SET' ELSE 'SET' END AS status,
    description, updated_at
FROM {schema}.cron_secrets WHERE key = ANY ({keys}) ORDER BY key;
-- jobs
SELECT jobid, jobname, schedule, active FROM cron.job WHERE jobname = ANY ({names}) ORDER BY jobname;
-- the last runs: succeeded means that the request was queued
SELECT j.jobname, d.status, d.start_time, left(d.return_message, 100) AS message
FROM cron.job_run_details AS d JOIN cron.job AS j USING (jobid) ORDER BY d.runid DESC LIMIT 20;
-- the last answers
SELECT id, status_code, timed_out, error_msg, created FROM net._http_response ORDER BY id DESC LIMIT 20;
-- who may rotate
SELECT grantee FROM information_schema.role_routine_grants
WHERE routine_schema = {schema_name} AND routine_name = 'rotate_cron_secret';
"""


def verification_sql(schema: str, catalogue: Catalogue) -> str:
    """The text of the statements, for psql or Supabase's SQL editor and the login that deploys."""
    return (
        sql.SQL(_CHECKS)
        .format(
            schema=sql.Identifier(schema),
            schema_name=sql.Literal(schema),
            keys=sql.Literal(sorted(catalogue.secrets)),
            names=sql.Literal(sorted(catalogue.jobs)),
        )
        .as_string()
    )
