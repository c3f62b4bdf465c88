CREATE OR REPLACE FUNCTION {schema}.watch_cron_jobs()
RETURNS void
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- Keep note of since when each marked job of this role has had its schedule and been active; and of when it last ran before
-- the ledger forgets that, or what was due then would count as missed. What it keeps it keeps for a day at least.
DELETE FROM {schema}.cron_watched_jobs AS w
WHERE NOT EXISTS (
    SELECT FROM cron.job AS j WHERE j.jobname::text COLLATE "default" = w.job AND j.username = current_user
);
INSERT INTO {schema}.cron_watched_jobs AS w (job, schedule, active)
SELECT j.jobname, j.schedule, j.active
FROM cron.job AS j
WHERE j.username = current_user AND j.command LIKE '-- supabase-cron: %'
  AND NOT EXISTS (
      SELECT FROM {schema}.cron_watched_jobs AS o
      WHERE o.job = j.jobname::text COLLATE "default" AND o.schedule = j.schedule AND o.active = j.active
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
