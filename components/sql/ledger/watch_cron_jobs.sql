-- watch_cron_jobs updates cron_watched_jobs, and declares the stack's jobs that have no row in cron_job_declarations.
-- Called by: sweep_cron_runs
-- Locks: none beyond the rows that it writes
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.watch_cron_jobs()
RETURNS void
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- Keep note of since when each job of this stack has had its schedule and been active, and of those that nobody declared;
-- and of when it last ran before the ledger forgets that, or what was due then would count as missed. What it keeps it keeps
-- for a day at least.
INSERT INTO {schema}.cron_job_declarations (job, schedule, active, command)
SELECT s.job, s.schedule, s.active, sha256(convert_to(j.command, 'UTF8'))
FROM {schema}.cron_job_standings AS s JOIN cron.job AS j ON j.jobid = s.jobid
WHERE NOT EXISTS (SELECT FROM {schema}.cron_job_declarations AS d WHERE d.job = s.job)
ON CONFLICT (job) DO NOTHING;
DELETE FROM {schema}.cron_watched_jobs AS w
WHERE NOT EXISTS (
    SELECT FROM {schema}.cron_job_standings AS s WHERE s.job = w.job AND s.standing NOT IN ('missing', 'overwritten')
);
INSERT INTO {schema}.cron_watched_jobs AS w (job, schedule, active)
SELECT s.job, s.schedule, s.active
FROM {schema}.cron_job_standings AS s
WHERE s.standing NOT IN ('missing', 'overwritten')
  AND NOT EXISTS (
      SELECT FROM {schema}.cron_watched_jobs AS o
      WHERE o.job = s.job AND o.schedule = s.schedule AND o.active = s.active
  )
ON CONFLICT (job) DO UPDATE SET schedule = excluded.schedule, active = excluded.active, since = excluded.since;
UPDATE {schema}.cron_watched_jobs AS w
SET since = newest.fired_at
FROM {schema}.cron_watched_jobs AS o
CROSS JOIN LATERAL (
    SELECT r.fired_at FROM {schema}.cron_runs AS r WHERE r.job = o.job ORDER BY r.fired_at DESC LIMIT 1
) AS newest
WHERE w.job = o.job AND newest.fired_at > w.since AND newest.fired_at < now() - interval '12 hours'
$body$
