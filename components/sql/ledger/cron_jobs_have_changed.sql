-- cron_jobs_have_changed returns whether a job has another schedule or state than when it was last watched.
-- Called by: sweep_cron_runs, sweep_cron_catch_up
-- Locks: none
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.cron_jobs_have_changed()
RETURNS boolean
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
SELECT EXISTS (
    SELECT FROM {schema}.cron_job_declarations AS d
    LEFT JOIN {schema}.cron_watched_jobs AS w ON w.job = d.job
    LEFT JOIN cron.job AS j ON j.jobname::text COLLATE "default" = d.job AND j.username = current_user
    WHERE (j.schedule, j.active) IS DISTINCT FROM (w.schedule, w.active)
)
$body$
