-- cron_sweep_work returns the steps of the sweep that have work, and writes down that there was a sweep.
-- Called by: sweep_cron_runs
-- Locks: none beyond the row that it writes
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.cron_sweep_work(p_watch boolean, p_runs interval, p_details interval)
RETURNS text[]
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- In most minutes of most databases no step has work. One statement asks for all of them, and in SQL: a session lasts for one
-- sweep, so what it costs is to plan and to open tables. What the questions miss is done all the same, since each step has work
-- every ten minutes and in the minute after it failed. With p_watch, that a job is not as it was when it was last watched is a
-- question, too.
WITH began AS ( -- a sign of life
    UPDATE {schema}.cron_sweeps AS w SET ended_at = now() WHERE w.step = 'sweep_cron_runs'
)
SELECT array_remove(ARRAY[
    CASE WHEN opened.waits OR 'settle_cron_runs' <> ALL (fresh.steps) THEN 'settle_cron_runs' END,
    -- New runs of pg_cron that the ledger does not have, but for those of our own jobs that did not fail, this sweep's among
    -- them. New is what a sweep may not have seen that took no step: longer than a step stays fresh.
    CASE WHEN opened.waits OR 'settle_cron_job_runs' <> ALL (fresh.steps) OR (
        SELECT count(*) FILTER (WHERE n.is_new) = 100 OR bool_or(n.is_new AND NOT n.is_own AND NOT EXISTS (
            SELECT FROM {schema}.cron_runs AS r WHERE r.runid = n.runid AND r.pid = n.job_pid -- numbers begin anew
        ))
        FROM (
            SELECT d.runid, d.job_pid,
                coalesce(d.end_time, d.start_time, 'infinity') > now() - interval '12 minutes' AS is_new,
                d.status <> 'failed' AND split_part(d.command, '/', 3) ~ {own_jobs} AS is_own
            FROM cron.job_run_details AS d ORDER BY d.runid DESC LIMIT 100
        ) AS n
    ) THEN 'settle_cron_job_runs' END,
    CASE WHEN opened.is_due OR 'retry_cron_runs' <> ALL (fresh.steps) THEN 'retry_cron_runs' END,
    CASE WHEN 'watch_cron_jobs' <> ALL (fresh.steps) OR p_watch AND {schema}.cron_jobs_have_changed()
        THEN 'watch_cron_jobs' END,
    CASE WHEN 'purge_cron_runs' <> ALL (fresh.steps) OR now() - p_runs - interval '15 minutes' > (
        SELECT min(o.settled_at)
        FROM (SELECT r.settled_at FROM {schema}.cron_runs AS r ORDER BY r.run LIMIT 100) AS o
    ) THEN 'purge_cron_runs' END,
    CASE WHEN 'purge_cron_job_runs' <> ALL (fresh.steps) OR now() - p_details - interval '15 minutes' > (
        SELECT min(coalesce(o.end_time, o.start_time))
        FROM (
            SELECT d.end_time, d.start_time FROM cron.job_run_details AS d
            WHERE d.username = current_user ORDER BY d.runid LIMIT 100
        ) AS o
    ) THEN 'purge_cron_job_runs' END,
    CASE WHEN 'settle_cron_secret' <> ALL (fresh.steps) OR EXISTS (
        SELECT FROM {schema}.cron_secret_stages AS s
        WHERE s.stage <> 'previous' OR s.expires_at <= clock_timestamp()
    ) THEN 'settle_cron_secret' END
], NULL)
FROM (
    SELECT bool_or(r.state <> 'retrying') AS waits, bool_or(r.retry_at <= clock_timestamp()) AS is_due
    FROM {schema}.cron_runs AS r WHERE r.state IN ('queued', 'sent', 'retrying')
) AS opened
CROSS JOIN (
    SELECT ARRAY(
        SELECT w.step FROM {schema}.cron_sweeps AS w
        WHERE w.ended_at BETWEEN now() - interval '10 minutes' AND now()
          AND w.ended_at > coalesce(w.failed_at, '-infinity')
    ) AS steps
    OFFSET 0 -- read once
) AS fresh
$body$
