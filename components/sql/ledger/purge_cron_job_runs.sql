-- purge_cron_job_runs deletes old rows of its owner from cron.job_run_details.
-- Called by: sweep_cron_runs
-- Locks: none beyond the rows that it deletes
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.purge_cron_job_runs(p_details interval)
RETURNS void
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- Forget what pg_cron keeps of this role's runs that are older than p_details: of the oldest 20000 at a time.
DELETE FROM cron.job_run_details AS d
WHERE d.runid = ANY (ARRAY(
    SELECT oldest.runid
    FROM (
        -- Before pg_cron 1.6.3 a run that never began has no time; it is older than those after it.
        SELECT b.runid, coalesce(b.end_time, b.start_time, min(b.start_time) OVER (ORDER BY b.runid DESC)) AS ended
        FROM (
            SELECT l.runid, l.start_time, l.end_time
            FROM cron.job_run_details AS l WHERE l.username = current_user ORDER BY l.runid LIMIT 20000
        ) AS b
    ) AS oldest
    WHERE oldest.ended < now() - p_details
))
$body$
