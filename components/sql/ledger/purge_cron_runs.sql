-- purge_cron_runs deletes old rows from cron_runs.
-- Called by: sweep_cron_runs
-- Locks: none beyond the rows that it deletes
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.purge_cron_runs(p_runs interval)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- Forget runs of the ledger that are older than p_runs: of the oldest 100, and of more until all of them are too young;
-- 20000 at a time, so that the sweep stays short and a long history goes over some minutes. Runs that are open, or of a time
-- to come (a clock was set back), say nothing of those after them, nor does one that ended late.
DECLARE
    batch int := 100;
    seen int;
    total int := 0;
    last bigint := -9223372036854775808;
    are_young boolean;
BEGIN
    LOOP
        WITH oldest AS MATERIALIZED (
            SELECT r.run, r.settled_at FROM {schema}.cron_runs AS r WHERE r.run > last ORDER BY r.run LIMIT batch
        ), gone AS (
            DELETE FROM {schema}.cron_runs AS r
            WHERE r.run = ANY (ARRAY(SELECT o.run FROM oldest AS o WHERE o.settled_at < now() - p_runs))
        )
        SELECT count(*), max(o.run), bool_and(o.settled_at >= now() - p_runs) FILTER (WHERE o.settled_at <= now())
        INTO seen, last, are_young FROM oldest AS o;
        total := total + seen;
        EXIT WHEN seen < batch OR are_young OR total >= 20000;
        batch := least(5 * batch, 20000 - total);
    END LOOP;
END
$body$
