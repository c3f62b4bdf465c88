-- The job of the sweep is altered after the ledger. Until then its command calls the function of an earlier version, which
-- did the work of both jobs of today. EARLIER_SWEEP in objects/our_functions.py says how long it stays.
DO $do$
BEGIN
    IF to_regprocedure({earlier}) IS NULL THEN
        RETURN;
    END IF;
    CREATE OR REPLACE FUNCTION {schema}.sweep_cron_runs(p_catch_up text[], p_runs interval, p_details interval)
    RETURNS void
    LANGUAGE sql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $body$
        SELECT {schema}.sweep_cron_runs(true, p_runs, p_details);
        SELECT {schema}.sweep_cron_catch_up(p_catch_up)
    $body$;
END
$do$
