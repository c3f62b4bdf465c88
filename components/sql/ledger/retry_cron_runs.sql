-- retry_cron_runs executes the commands of the jobs whose runs wait for another attempt that is due.
-- Called by: sweep_cron_runs
-- Locks: the rows of these runs in cron_runs (FOR UPDATE SKIP LOCKED)
-- Raises: nothing of its own; a command that fails counts as a failed attempt
CREATE OR REPLACE FUNCTION {schema}.retry_cron_runs()
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- Send the requests of runs whose next attempt is due, by the command that the job has now; begin_cron_run takes up the
-- run that the setting names. An attempt that cannot be sent counts as one.
DECLARE
    due {schema}.cron_runs;
    text_of_job text;
    first bigint;
BEGIN
    FOR due IN
        SELECT * FROM {schema}.cron_runs AS r
        WHERE r.state = 'retrying' AND r.retry_at <= clock_timestamp()
        ORDER BY r.run LIMIT 1000 FOR UPDATE SKIP LOCKED
    LOOP
        SELECT j.command INTO text_of_job FROM cron.job AS j
        WHERE j.jobname = due.job AND j.username = current_user AND j.active AND j.command ~ 'begin_cron_run';
        IF NOT FOUND THEN
            UPDATE {schema}.cron_runs AS r
            SET state = 'exhausted',
                settled_at = clock_timestamp(),
                detail = concat_ws('; ', r.detail, 'not tried again, since its job was paused, changed or removed')
            WHERE r.run = due.run;
            CONTINUE;
        END IF;
        CONTINUE WHEN due.policy @> '{{"overlap": "skip"}}' AND {schema}.cron_run_in_flight(due.job, due.run) IS NOT NULL;
        BEGIN
            PERFORM set_config('supabase_cron.run', due.run::text, true);
            EXECUTE text_of_job;
            UPDATE {schema}.cron_runs AS r
            SET state = 'exhausted',
                settled_at = clock_timestamp(),
                detail = concat_ws('; ', r.detail, 'not tried again, since the command of its job is another')
            WHERE r.run = due.run AND r.state = 'retrying'; -- begin_cron_run was not asked, or for another job
        EXCEPTION WHEN OTHERS THEN
            first := coalesce(first, due.run);
            UPDATE {schema}.cron_runs AS r
            SET state = 'failed', attempt = r.attempt + 1, settled_at = clock_timestamp(),
                detail = {schema}.mask_cron_secrets(SQLERRM, (SELECT {schema}.cron_secret_pattern()), 500)
            WHERE r.run = due.run;
        END;
        PERFORM set_config('supabase_cron.run', '', true);
    END LOOP;
    PERFORM {schema}.schedule_cron_retries(first);
END
$body$
