-- sweep_cron_runs executes the steps of the sweep that have work, one after another.
-- Called by: the command of the job cron-runs-sweep-<schema> (sql/ledger/runs_sweep.sql), after await_cron_answers
-- Locks: none of its own; what its steps lock stays locked until the end of the transaction
-- Raises: nothing of its own; the error of a step goes to cron_sweeps; one of record_cron_sweep there passes through
CREATE OR REPLACE FUNCTION {schema}.sweep_cron_runs(p_watch boolean, p_runs interval, p_details interval)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- Each step has a block of its own, so that one that fails or is cancelled keeps no other from its work. Rotations come last:
-- whoever waits for the lock of a key waits for no other step.
DECLARE
    step text;
    call text;
    answer text;
    steps text[];
BEGIN
    BEGIN
        steps := {schema}.cron_sweep_work(p_watch, p_runs, p_details);
    EXCEPTION WHEN query_canceled OR OTHERS THEN
        PERFORM {schema}.record_cron_sweep('sweep_cron_runs', SQLERRM);
    END;
    IF steps = '{{}}' THEN
        RETURN;
    END IF;
    FOR step, call IN
        SELECT s.step, s.call
        FROM (VALUES
            (1, 'settle_cron_runs', 'settle_cron_runs()'),
            (2, 'settle_cron_job_runs', 'settle_cron_job_runs()'),
            (3, 'retry_cron_runs', 'retry_cron_runs(true)'),
            (4, 'watch_cron_jobs', 'watch_cron_jobs()'),
            (5, 'purge_cron_runs', 'purge_cron_runs(%2$L)'),
            (6, 'purge_cron_job_runs', 'purge_cron_job_runs(%3$L)'),
            (7, 'settle_cron_secret', 'sweep_cron_secrets()') -- which returns what failed, and what went well stays
        ) AS s (number, step, call)
        WHERE s.step = ANY (steps) IS NOT FALSE
        ORDER BY s.number
    LOOP
        BEGIN
            EXECUTE format('SELECT %1$I.' || call, {schema_name}, p_runs, p_details) INTO answer;
            PERFORM {schema}.record_cron_sweep(step, CASE WHEN step = 'settle_cron_secret' THEN answer END);
        EXCEPTION WHEN query_canceled OR OTHERS THEN
            PERFORM {schema}.record_cron_sweep(step, SQLERRM);
        END;
    END LOOP;
    IF steps IS NOT NULL THEN
        PERFORM {schema}.record_cron_sweep('sweep_cron_runs', NULL);
    END IF;
END
$body$
