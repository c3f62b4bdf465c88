-- purge_cron_runs deletes old rows from cron_runs.
-- Called by: sweep_cron_runs
-- Locks: none beyond the rows that it deletes
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.purge_cron_runs(p_runs interval)
RETURNS void
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- Forget runs of the ledger that are older than p_runs: of the oldest 20000 at a time, so that the sweep stays short and a
-- long history goes over some minutes.
DELETE FROM {schema}.cron_runs AS r
WHERE r.run = ANY (ARRAY(
    SELECT oldest.run
    FROM (SELECT l.run, l.settled_at FROM {schema}.cron_runs AS l ORDER BY l.run LIMIT 20000) AS oldest
    WHERE oldest.settled_at < now() - p_runs
))
$body$
