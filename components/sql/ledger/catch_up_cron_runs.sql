-- catch_up_cron_runs executes once the command of each given job that was due while pg_cron did not run.
-- Called by: sweep_cron_runs
-- Locks: the rows of these jobs in cron_watched_jobs (FOR UPDATE SKIP LOCKED)
-- Raises: nothing of its own; a command that fails becomes a failed run
CREATE OR REPLACE FUNCTION {schema}.catch_up_cron_runs(p_jobs text[])
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- Run once those of the jobs that were due while pg_cron did not run, however often that was. Each of them is an array:
-- its name, and the days from and to which it is active, or NULL. The last 90 seconds are left to pg_cron, which starts
-- no more than cron.max_running_jobs at once. Jobs whose schedule names a minute of the hour are looked at where it is one
-- of those since the last sweep began, and all of them every ten minutes, or where the last sweep failed or is an hour ago.
DECLARE
    missed record;
    looked CONSTANT timestamptz := (
        SELECT sweep.ended_at
        FROM {schema}.cron_sweeps AS sweep
        JOIN {schema}.cron_sweeps AS step ON step.step = 'catch_up_cron_runs'
        WHERE sweep.step = 'sweep_cron_runs' AND sweep.ended_at BETWEEN now() - interval '1 hour' AND now()
          AND step.ended_at > greatest(step.failed_at, now() - interval '9 minutes')
    );
    minutes CONSTANT int[] := (
        SELECT array_agg(DISTINCT extract(minute FROM {schema}.cron_wall_time(at, {schema}.cron_zone()))::int)
        FROM generate_series(
            date_trunc('minute', looked - interval '90 seconds'), now() - interval '90 seconds', interval '1 minute'
        ) AS at
    );
BEGIN
    FOR missed IN
        SELECT w.job, j.command, due.at
        FROM generate_subscripts(p_jobs, 1) AS n
        JOIN {schema}.cron_watched_jobs AS w ON w.job = p_jobs[n][1]
        JOIN cron.job AS j ON j.jobname::text COLLATE "default" = w.job AND j.username = current_user
        LEFT JOIN LATERAL (
            SELECT r.fired_at FROM {schema}.cron_runs AS r WHERE r.job = w.job ORDER BY r.fired_at DESC LIMIT 1
        ) AS newest ON true
        CROSS JOIN LATERAL {schema}.cron_last_due_within(
            w.schedule,
            greatest(w.since, newest.fired_at + interval '2 seconds'), -- a clock that is set right meanwhile
            now() - interval '90 seconds',
            p_jobs[n][2],
            p_jobs[n][3]
        ) AS due (at)
        WHERE w.active AND j.active AND due.at IS NOT NULL
          AND coalesce(substring(w.schedule FROM '^(\d{{1,2}})[ \t]')::int = ANY (minutes), true)
        ORDER BY due.at
        FOR UPDATE OF w SKIP LOCKED
    LOOP
        UPDATE {schema}.cron_watched_jobs AS w SET since = missed.at WHERE w.job = missed.job;
        BEGIN
            PERFORM set_config('supabase_cron.source', 'catch_up', true);
            PERFORM set_config('supabase_cron.due', extract(epoch FROM missed.at)::bigint::text, true);
            EXECUTE missed.command;
        EXCEPTION WHEN OTHERS THEN
            INSERT INTO {schema}.cron_runs (job, state, settled_at, detail, source, due_at)
            VALUES (
                missed.job, 'failed', clock_timestamp(),
                {schema}.mask_cron_secrets(SQLERRM, (SELECT {schema}.cron_secret_pattern()), 500), 'catch_up', missed.at
            );
        END;
        PERFORM set_config('supabase_cron.source', '', true);
        PERFORM set_config('supabase_cron.due', '', true);
    END LOOP;
END
$body$
