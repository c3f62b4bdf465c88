-- retry_cron_runs executes the commands of the jobs whose runs wait for another attempt that is due.
-- Called by: sweep_cron_runs for commands that this project composed, sweep_cron_catch_up for all others
-- Locks: the rows of these runs in cron_runs (FOR UPDATE SKIP LOCKED)
-- Raises: nothing of its own; a command that fails or is cancelled counts as a failed attempt
CREATE OR REPLACE FUNCTION {schema}.retry_cron_runs(p_composed boolean)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- Send the requests of runs whose next attempt is due, by the command that the job has now; begin_cron_run takes up the
-- run that the setting names. An attempt that cannot be sent counts as one. What this project composed (declaration/command.py)
-- queues a request and no more; a job's own SQL may run for long, and so is left to the job that has the time,
-- which an upgrade makes later than this function; what somebody changed by hand may wait for one that never comes.
DECLARE
    due record;
    first bigint;
BEGIN
    FOR due IN
        SELECT r.run, r.job, r.policy, found.command, CASE
            WHEN found.command IS NULL THEN 'its job was paused, changed or removed'
            WHEN found.is_composed <> p_composed THEN 'the command of its job is another'
        END AS hindrance
        FROM {schema}.cron_runs AS r
        LEFT JOIN (
            SELECT j.jobname::text COLLATE "default" AS job, j.command,
                j.command ~ '^--[^\n]*\nSELECT "[^\n]+"\.record_cron_run_request\(begun\.run, net\.http_' AS is_composed,
                EXISTS (
                    SELECT FROM {schema}.cron_job_declarations AS d
                    WHERE d.job = j.jobname::text COLLATE "default" AND d.command <> sha256(convert_to(j.command, 'UTF8'))
                ) AS is_another
            FROM cron.job AS j WHERE j.username = current_user AND j.active AND j.command ~ 'begin_cron_run'
        ) AS found ON found.job = r.job
        WHERE r.state = 'retrying' AND r.retry_at <= clock_timestamp()
          AND (coalesce(found.is_composed, true) = p_composed OR p_composed AND found.is_another AND NOT EXISTS (
              SELECT FROM {schema}.cron_job_declarations AS d WHERE starts_with(d.job, {catch_up}) -- which is to do it
          ))
        ORDER BY r.run LIMIT 1000 FOR UPDATE OF r SKIP LOCKED
    LOOP
        IF due.hindrance IS NOT NULL THEN
            UPDATE {schema}.cron_runs AS r
            SET state = 'exhausted',
                settled_at = clock_timestamp(),
                detail = concat_ws('; ', r.detail, 'not tried again, since ' || due.hindrance)
            WHERE r.run = due.run;
            CONTINUE;
        END IF;
        CONTINUE WHEN due.policy @> '{{"overlap": "skip"}}' AND {schema}.cron_run_in_flight(due.job, due.run) IS NOT NULL;
        BEGIN
            PERFORM set_config('supabase_cron.run', due.run::text, true);
            EXECUTE due.command;
            UPDATE {schema}.cron_runs AS r
            SET state = 'exhausted',
                settled_at = clock_timestamp(),
                detail = concat_ws('; ', r.detail, 'not tried again, since the command of its job is another')
            WHERE r.run = due.run AND r.state = 'retrying'; -- begin_cron_run was not asked, or for another job
        EXCEPTION WHEN query_canceled OR OTHERS THEN
            first := coalesce(first, due.run);
            UPDATE {schema}.cron_runs AS r
            SET state = 'failed', attempt = r.attempt + 1, settled_at = clock_timestamp(),
                detail = {schema}.mask_cron_secrets(SQLERRM, (SELECT {schema}.cron_secret_pattern()), 500)
            WHERE r.run = due.run;
            EXIT WHEN SQLSTATE = '57014'; -- nothing would cancel the next one in this transaction
        END;
        PERFORM set_config('supabase_cron.run', '', true);
    END LOOP;
    PERFORM set_config('supabase_cron.run', '', true);
    PERFORM {schema}.schedule_cron_retries(first);
END
$body$
