-- cron_sweep_has_work returns whether a step of the sweep may find something to do.
-- Called by: sweep_cron_runs
-- Locks: none
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.cron_sweep_has_work(
    p_step text, p_catch_up text[], p_runs interval, p_details interval
)
RETURNS boolean
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- Each question is a statement of its own: a session lasts for one sweep, and plans only what it executes.
BEGIN
    CASE p_step
        WHEN 'settle_cron_runs' THEN
            RETURN EXISTS (SELECT FROM {schema}.cron_runs AS r WHERE r.state IN ('queued', 'sent'));
        WHEN 'settle_cron_job_runs' THEN
            -- New runs of pg_cron, but for those of our own jobs that did not fail, this sweep's among them. New is what a sweep
            -- may not have seen that took no step: longer than a step stays fresh, so that catch_up_cron_runs finds all.
            RETURN (
                SELECT bool_or(n.is_new AND NOT n.is_own) OR count(*) FILTER (WHERE n.is_new) = 100
                FROM (
                    SELECT
                        coalesce(d.end_time, d.start_time, 'infinity') > now() - interval '12 minutes' AS is_new,
                        d.status <> 'failed' AND split_part(d.command, '/', 3) ~ {own_jobs} AS is_own
                    FROM cron.job_run_details AS d ORDER BY d.runid DESC LIMIT 100
                ) AS n
            ) OR EXISTS (SELECT FROM {schema}.cron_runs AS r WHERE r.state IN ('queued', 'sent'));
        WHEN 'retry_cron_runs' THEN
            RETURN EXISTS (
                SELECT FROM {schema}.cron_runs AS r WHERE r.state = 'retrying' AND r.retry_at <= clock_timestamp()
            );
        WHEN 'watch_cron_jobs' THEN -- for what is made up for, and for alerts
            IF p_catch_up = '{{}}' AND NOT EXISTS (SELECT FROM {schema}.cron_alerts) THEN
                RETURN false;
            END IF;
            RETURN EXISTS (
                SELECT FROM {schema}.cron_job_declarations AS d
                LEFT JOIN {schema}.cron_watched_jobs AS w ON w.job = d.job
                LEFT JOIN cron.job AS j ON j.jobname::text COLLATE "default" = d.job AND j.username = current_user
                WHERE (j.schedule, j.active) IS DISTINCT FROM (w.schedule, w.active)
            );
        WHEN 'catch_up_cron_runs' THEN
            RETURN p_catch_up <> '{{}}';
        WHEN 'purge_cron_runs' THEN
            RETURN now() - p_runs - interval '15 minutes' > (
                SELECT min(o.settled_at)
                FROM (SELECT r.settled_at FROM {schema}.cron_runs AS r ORDER BY r.run LIMIT 100) AS o
            );
        WHEN 'purge_cron_job_runs' THEN
            RETURN now() - p_details - interval '15 minutes' > (
                SELECT min(coalesce(o.end_time, o.start_time))
                FROM (
                    SELECT d.end_time, d.start_time FROM cron.job_run_details AS d
                    WHERE d.username = current_user ORDER BY d.runid LIMIT 100
                ) AS o
            );
    END CASE;
END
$body$
