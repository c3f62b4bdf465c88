-- The jobs that this login sees: all of them with BYPASSRLS, its own without.
SELECT
    j.jobid,
    coalesce(j.jobname::text, '') AS name,
    j.username::text AS username,
    j.schedule,
    j.command,
    EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname = j.username) AS role_exists
FROM cron.job AS j
ORDER BY j.jobid
