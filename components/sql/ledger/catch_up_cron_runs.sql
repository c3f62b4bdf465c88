-- catch_up_cron_runs executes once the command of each given job that was due while pg_cron did not run.
-- Called by: sweep_cron_catch_up
-- Locks: the rows of these jobs in cron_watched_jobs (FOR UPDATE SKIP LOCKED)
-- Raises: nothing of its own; a command that fails or is cancelled becomes a failed run
CREATE OR REPLACE FUNCTION {schema}.catch_up_cron_runs(p_jobs text[])
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- Run once those of the jobs that were due while pg_cron did not run, however often that was. Each of them is an array:
-- its name, and the days from and to which it is active, or NULL. False where a command was cancelled, which leaves those
-- after it to the next minute. The last 90 seconds are left to pg_cron, which starts no more than cron.max_running_jobs at
-- once. Jobs whose schedule begins with a minute, or a minute and an hour, are looked at where that was since this was last
-- done, and all of them every ten minutes, or where it failed last or was done an hour ago.
DECLARE
    missed record;
    began jsonb; -- when each job last did, by its jobid
    looked CONSTANT timestamptz := (
        SELECT last.ended_at
        FROM {schema}.cron_sweeps AS last
        JOIN {schema}.cron_sweeps AS of_all ON of_all.step = 'catch_up_cron_runs'
        WHERE last.step = 'sweep_cron_catch_up' AND last.ended_at BETWEEN now() - interval '1 hour' AND now()
          AND of_all.ended_at > greatest(of_all.failed_at, now() - interval '9 minutes')
    );
    passed CONSTANT timestamp[] := ( -- the minutes since then
        SELECT array_agg({schema}.cron_wall_time(at, zone))
        FROM {schema}.cron_zone() AS zone, generate_series(
            date_trunc('minute', looked - interval '90 seconds'), now() - interval '90 seconds', interval '1 minute'
        ) AS at
    );
BEGIN
    FOR missed IN
        SELECT w.job, j.jobid, j.command, due.at
        FROM generate_subscripts(p_jobs, 1) AS n
        JOIN {schema}.cron_watched_jobs AS w ON w.job = p_jobs[n][1]
        JOIN cron.job AS j ON j.jobname::text COLLATE "default" = w.job AND j.username = current_user
        CROSS JOIN LATERAL regexp_match(w.schedule, '^(\d{{1,2}})[ \t]+(?:(\d{{1,2}})[ \t])?') AS named
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
        WHERE w.active AND j.active AND due.at IS NOT NULL AND (passed IS NULL OR EXISTS (
            SELECT FROM unnest(passed) AS wall
            WHERE coalesce(named[1]::int = extract(minute FROM wall), true)
              AND coalesce(named[2]::int = extract(hour FROM wall), true)
        ))
        ORDER BY due.at
        FOR UPDATE OF w SKIP LOCKED
    LOOP
        -- The sweep may not have written down yet that it ran.
        began := coalesce(began, (
            SELECT coalesce(jsonb_object_agg(b.jobid, b.at), '{{}}')
            FROM (
                SELECT d.jobid, max(coalesce(d.start_time, d.end_time)) AS at
                FROM (SELECT * FROM cron.job_run_details AS a ORDER BY a.runid DESC LIMIT 20000) AS d
                GROUP BY d.jobid
            ) AS b
        ));
        CONTINUE WHEN (began ->> missed.jobid::text)::timestamptz >= missed.at - interval '2 seconds';
        UPDATE {schema}.cron_watched_jobs AS w SET since = missed.at WHERE w.job = missed.job;
        BEGIN
            PERFORM set_config('supabase_cron.source', 'catch_up', true);
            PERFORM set_config('supabase_cron.due', extract(epoch FROM missed.at)::bigint::text, true);
            EXECUTE missed.command;
        EXCEPTION WHEN query_canceled OR OTHERS THEN
            INSERT INTO {schema}.cron_runs (job, state, settled_at, detail, source, due_at)
            VALUES (
                missed.job, 'failed', clock_timestamp(),
                {schema}.mask_cron_secrets(SQLERRM, (SELECT {schema}.cron_secret_pattern()), 500), 'catch_up', missed.at
            );
            IF SQLSTATE = '57014' THEN -- nothing would cancel the next one in this transaction
                PERFORM set_config('supabase_cron.source', '', true);
                PERFORM set_config('supabase_cron.due', '', true);
                RETURN false;
            END IF;
        END;
        PERFORM set_config('supabase_cron.source', '', true);
        PERFORM set_config('supabase_cron.due', '', true);
    END LOOP;
    RETURN true;
END
$body$
