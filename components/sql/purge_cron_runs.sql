CREATE OR REPLACE FUNCTION {schema}.purge_cron_runs(p_runs interval, p_details interval)
RETURNS void
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- Forget runs of the ledger that are older than p_runs, and what pg_cron keeps of this role's runs for p_details: the
-- oldest 20000 of each at a time, so that the sweep stays short and a long history goes over some minutes.
DELETE FROM {schema}.cron_runs AS r
WHERE r.run = ANY (ARRAY(
    SELECT oldest.run
    FROM (SELECT l.run, l.settled_at FROM {schema}.cron_runs AS l ORDER BY l.run LIMIT 20000) AS oldest
    WHERE oldest.settled_at < now() - p_runs
));
DELETE FROM cron.job_run_details AS d
WHERE d.runid = ANY (ARRAY(
    SELECT oldest.runid
    FROM (
        SELECT l.runid, coalesce(l.end_time, l.start_time) AS ended
        FROM cron.job_run_details AS l WHERE l.username = current_user ORDER BY l.runid LIMIT 20000
    ) AS oldest
    WHERE oldest.ended < now() - p_details
));
$body$
