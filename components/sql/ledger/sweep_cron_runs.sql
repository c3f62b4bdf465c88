-- sweep_cron_runs executes the steps of the sweep that have work, one after another.
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
-- Each step is executed in a block of its own, so that one that fails keeps no other from its work, and what came of it is
-- written down. In most minutes of most databases no step has work. What cron_sweep_has_work misses is done all the same:
-- each step is executed every ten minutes, and in the minute after it failed.
DECLARE
    step text;
    name text;
    fresh CONSTANT text[] := ARRAY(
        SELECT s.step FROM {schema}.cron_sweeps AS s
        WHERE s.ended_at BETWEEN now() - interval '10 minutes' AND now()
          AND s.ended_at > coalesce(s.failed_at, '-infinity')
    );
BEGIN
    FOREACH step IN ARRAY ARRAY[
        'settle_cron_runs()', 'settle_cron_job_runs()', 'retry_cron_runs()', 'watch_cron_jobs()',
        'catch_up_cron_runs(%2$L)', 'purge_cron_runs(%3$L)', 'purge_cron_job_runs(%4$L)'
    ] LOOP
        name := split_part(step, '(', 1);
        BEGIN
            IF name <> ALL (fresh) OR {schema}.cron_sweep_has_work(name, p_catch_up, p_runs, p_details) THEN
                EXECUTE format('SELECT %1$I.' || step, {schema_name}, p_catch_up, p_runs, p_details);
                PERFORM {schema}.record_cron_sweep(name, NULL);
            END IF;
        EXCEPTION WHEN OTHERS THEN
            PERFORM {schema}.record_cron_sweep(name, SQLERRM);
        END;
    END LOOP;
    -- When it began, from where catch_up_cron_runs goes on.
    INSERT INTO {schema}.cron_sweeps (step, ended_at) VALUES ('sweep_cron_runs', now())
    ON CONFLICT ON CONSTRAINT cron_sweeps_pkey DO UPDATE SET ended_at = excluded.ended_at;
END
$body$
