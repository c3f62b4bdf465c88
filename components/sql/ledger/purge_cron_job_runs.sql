-- purge_cron_job_runs deletes old rows of its owner from cron.job_run_details.
-- Called by: sweep_cron_runs
-- Locks: none beyond the rows that it deletes
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.purge_cron_job_runs(p_details interval)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- Forget what pg_cron keeps of this role's runs that are older than p_details, in the same steps as purge_cron_runs.
DECLARE
    batch int := 100;
    seen int;
    total int := 0;
    last bigint := -9223372036854775808;
    are_young boolean;
BEGIN
    LOOP
        WITH oldest AS MATERIALIZED (
            -- Before pg_cron 1.6.3 a run that never began has no time; it is older than those after it.
            SELECT b.runid, coalesce(b.end_time, b.start_time, min(b.start_time) OVER (ORDER BY b.runid DESC)) AS ended
            FROM (
                SELECT d.runid, d.start_time, d.end_time FROM cron.job_run_details AS d
                WHERE d.runid > last AND d.username = current_user ORDER BY d.runid LIMIT batch
            ) AS b
        ), gone AS (
            DELETE FROM cron.job_run_details AS d
            WHERE d.runid = ANY (ARRAY(SELECT o.runid FROM oldest AS o WHERE o.ended < now() - p_details))
        )
        SELECT count(*), max(o.runid), bool_and(o.ended >= now() - p_details) FILTER (WHERE o.ended <= now())
        INTO seen, last, are_young FROM oldest AS o;
        total := total + seen;
        EXIT WHEN seen < batch OR are_young OR total >= 20000;
        batch := least(5 * batch, 20000 - total);
    END LOOP;
END
$body$
