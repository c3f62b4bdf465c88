-- sweep_cron_runs executes the steps of the ledger's sweep one after another.
-- Called by: the command of the job cron-runs-sweep-<schema> (sql/ledger/runs_sweep.sql), after await_cron_answers
-- Locks: none of its own; what its steps lock stays locked until the end of the transaction
-- Raises: nothing of its own; the error of a step goes to cron_sweeps; one of record_cron_sweep there passes through
CREATE OR REPLACE FUNCTION {schema}.sweep_cron_runs(p_catch_up text[], p_runs interval, p_details interval)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- What is done for the ledger every minute, each step in a block of its own, so that one that fails keeps no other from its
-- work. What came of each is written down.
DECLARE
    step text;
BEGIN
    FOREACH step IN ARRAY ARRAY[
        'settle_cron_runs()', 'settle_cron_job_runs()', 'retry_cron_runs()', 'watch_cron_jobs()',
        'catch_up_cron_runs(%2$L)', 'purge_cron_runs(%3$L)', 'purge_cron_job_runs(%4$L)'
    ] LOOP
        BEGIN
            EXECUTE format('SELECT %1$I.' || step, {schema_name}, p_catch_up, p_runs, p_details);
            PERFORM {schema}.record_cron_sweep(split_part(step, '(', 1), NULL);
        EXCEPTION WHEN OTHERS THEN
            PERFORM {schema}.record_cron_sweep(split_part(step, '(', 1), SQLERRM);
        END;
    END LOOP;
END
$body$
