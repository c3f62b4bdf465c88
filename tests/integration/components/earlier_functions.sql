-- Functions of the version before the job cron-catch-up-<schema>, as they were, whose results or arguments are others now.
CREATE OR REPLACE FUNCTION {schema}.sweep_cron_secrets()
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- Take the rotations to their end that nobody waits for, each key in a block of its own. Why one fails is told without its
-- text, which may quote a value.
DECLARE
    rotated text;
    failure text;
BEGIN
    FOR rotated IN SELECT DISTINCT s.key FROM {schema}.cron_secret_stages AS s ORDER BY 1 LOOP
        BEGIN
            -- whoever rotates one key, and does not end, does not keep the others waiting
            PERFORM FROM {schema}.cron_secret_declarations AS d WHERE d.key = rotated FOR UPDATE SKIP LOCKED;
            IF FOUND THEN
                PERFORM {schema}.settle_cron_secret(rotated);
            END IF;
        EXCEPTION WHEN OTHERS THEN
            failure := concat_ws('; ', failure, format('secret %s (SQLSTATE %s)', quote_literal(rotated), SQLSTATE));
        END;
    END LOOP;
    IF to_regclass(format('%I.cron_sweeps', {schema_name})) IS NOT NULL THEN -- a store may be without a ledger
        PERFORM {schema}.record_cron_sweep('settle_cron_secret', failure);
    END IF;
END
$body$
;
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
;
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
;
CREATE OR REPLACE FUNCTION {schema}.cron_sweep_has_work(
    p_step text, p_catch_up text[], p_runs interval, p_details interval
)
RETURNS boolean
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- Each question is a statement of its own: a session lasts for one sweep, and plans only what it executes.
BEGIN
    CASE p_step
        WHEN 'settle_cron_runs' THEN
            RETURN EXISTS (SELECT FROM {schema}.cron_runs AS r WHERE r.state IN ('queued', 'sent'));
        WHEN 'settle_cron_job_runs' THEN
            -- New runs of pg_cron, but for those of our own jobs that did not fail, this sweep's among them. New is what a sweep
            -- may not have seen that took no step: longer than a step stays fresh, so that catch_up_cron_runs finds all.
            RETURN (
                SELECT bool_or(n.is_new AND NOT n.is_own) OR count(*) FILTER (WHERE n.is_new) = 100
                FROM (
                    SELECT
                        coalesce(d.end_time, d.start_time, 'infinity') > now() - interval '12 minutes' AS is_new,
                        d.status <> 'failed' AND split_part(d.command, '/', 3) ~ {own_jobs} AS is_own
                    FROM cron.job_run_details AS d ORDER BY d.runid DESC LIMIT 100
                ) AS n
            ) OR EXISTS (SELECT FROM {schema}.cron_runs AS r WHERE r.state IN ('queued', 'sent'));
        WHEN 'retry_cron_runs' THEN
            RETURN EXISTS (
                SELECT FROM {schema}.cron_runs AS r WHERE r.state = 'retrying' AND r.retry_at <= clock_timestamp()
            );
        WHEN 'watch_cron_jobs' THEN -- for what is made up for, and for alerts
            IF p_catch_up = '{{}}' AND NOT EXISTS (SELECT FROM {schema}.cron_alerts) THEN
                RETURN false;
            END IF;
            RETURN EXISTS (
                SELECT FROM {schema}.cron_job_declarations AS d
                LEFT JOIN {schema}.cron_watched_jobs AS w ON w.job = d.job
                LEFT JOIN cron.job AS j ON j.jobname::text COLLATE "default" = d.job AND j.username = current_user
                WHERE (j.schedule, j.active) IS DISTINCT FROM (w.schedule, w.active)
            );
        WHEN 'catch_up_cron_runs' THEN
            RETURN p_catch_up <> '{{}}';
        WHEN 'purge_cron_runs' THEN
            RETURN now() - p_runs - interval '15 minutes' > (
                SELECT min(o.settled_at)
                FROM (SELECT r.settled_at FROM {schema}.cron_runs AS r ORDER BY r.run LIMIT 100) AS o
            );
        WHEN 'purge_cron_job_runs' THEN
            RETURN now() - p_details - interval '15 minutes' > (
                SELECT min(coalesce(o.end_time, o.start_time))
                FROM (
                    SELECT d.end_time, d.start_time FROM cron.job_run_details AS d
                    WHERE d.username = current_user ORDER BY d.runid LIMIT 100
                ) AS o
            );
    END CASE;
END
$body$
;
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
;
