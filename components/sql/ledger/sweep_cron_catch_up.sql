-- sweep_cron_catch_up executes the commands of jobs whose runs were missed, and those whose retries the sweep leaves.
-- Called by: the command of the job cron-catch-up-<schema> (sql/ledger/catch_up.sql)
-- Locks: none of its own; what catch_up_cron_runs locks stays locked until the end of the transaction
-- Raises: nothing of its own; errors go to cron_sweeps; one of record_cron_sweep there passes through
CREATE OR REPLACE FUNCTION {schema}.sweep_cron_catch_up(p_jobs text[])
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- A job apart from the sweep, since a command may run for long, or into statement_timeout: no verdict, no rotation waits for it
-- or is undone with it.
DECLARE
    failure text;
    watched boolean := true;
BEGIN
    BEGIN -- what was due before a job had its schedule or was resumed was not missed
        IF {schema}.cron_jobs_have_changed() THEN
            watched := {schema}.watch_cron_jobs();
        END IF;
    EXCEPTION WHEN query_canceled OR OTHERS THEN
        failure := SQLERRM;
    END;
    BEGIN
        IF EXISTS (SELECT FROM {schema}.cron_runs AS r WHERE r.state = 'retrying' AND r.retry_at <= clock_timestamp()) THEN
            PERFORM {schema}.retry_cron_runs(false);
        END IF;
    EXCEPTION WHEN query_canceled OR OTHERS THEN
        failure := concat_ws('; ', failure, SQLERRM);
    END;
    IF NOT watched THEN -- the sweep does so at this moment, and in the next minute it is known what was missed
        RETURN;
    END IF;
    BEGIN
        IF p_jobs <> '{{}}' AND NOT {schema}.catch_up_cron_runs(p_jobs) THEN
            failure := concat_ws('; ', failure, 'a command was cancelled, so others wait for the next minute');
        END IF;
    EXCEPTION WHEN query_canceled OR OTHERS THEN
        failure := concat_ws('; ', failure, SQLERRM);
    END;
    PERFORM {schema}.record_cron_sweep('catch_up_cron_runs', failure);
    -- When it began, from where catch_up_cron_runs goes on.
    INSERT INTO {schema}.cron_sweeps (step, ended_at) VALUES ('sweep_cron_catch_up', now())
    ON CONFLICT ON CONSTRAINT cron_sweeps_pkey DO UPDATE SET ended_at = excluded.ended_at;
END
$body$
