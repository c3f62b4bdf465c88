-- begin_cron_run starts a run of a job with policies, or takes up one that is tried again, and returns it.
-- Called by: the commands of jobs with retry, overlap, idempotency or active_between (declaration/command.py), which
--   pg_cron, retry_cron_runs, catch_up_cron_runs, cronctl trigger and the resource CronJob (verifyFirstRun) execute;
--   a job's own SQL may call it
-- Locks: with overlap: skip, the row "begin_cron_run <job>" of cron_locks (FOR UPDATE), to the end of the transaction
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.begin_cron_run(p_job text, p_policy jsonb)
RETURNS TABLE (run bigint, idempotency text)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- Whether a job with policies sends its request now: one row with the run that it belongs to if so. Otherwise none, and
-- the ledger says why it was skipped. retry_cron_runs names the run that is tried again, and so it goes on.
DECLARE
    again bigint := nullif(current_setting('supabase_cron.run', true), '')::bigint;
    origin text := coalesce(nullif(current_setting('supabase_cron.source', true), ''), 'schedule');
    due timestamptz := CASE WHEN origin = 'catch_up'
        THEN to_timestamp(nullif(current_setting('supabase_cron.due', true), '')::bigint) END;
    days jsonb := p_policy -> 'active_between';
    day date;
    other bigint;
    reason text;
BEGIN
    IF again IS NOT NULL THEN
        RETURN QUERY
            UPDATE {schema}.cron_runs AS r
            SET state = 'queued', attempt = r.attempt + 1, retry_at = NULL,
                detail = NULL, status_code = NULL, response = NULL, milliseconds = NULL,
                milliseconds_at_most = NULL, sent_at = NULL
            WHERE r.run = again AND r.job = p_job AND r.state = 'retrying'
            RETURNING r.run, r.idempotency::text;
        RETURN;
    END IF;
    IF days IS NOT NULL AND origin <> 'manual' THEN
        -- The day on which it was due: a run that pg_cron had to put off may begin on the next.
        day := {schema}.cron_wall_time(coalesce(due, (
            SELECT {schema}.cron_last_due(j.schedule, now() - interval '1 hour', now(), {schema}.cron_zone())
            FROM cron.job AS j
            WHERE origin = 'schedule' AND j.jobname = p_job AND j.username = current_user
        ), now()), {schema}.cron_zone())::date;
        IF NOT {schema}.cron_day_is_within(day, days ->> 'from', days ->> 'to') THEN
            reason := format('%s is not between %s and %s', to_char(day, 'YYYY-MM-DD'), days ->> 'from', days ->> 'to');
        END IF;
    END IF;
    IF reason IS NULL AND p_policy ->> 'overlap' = 'skip' THEN
        PERFORM FROM {schema}.cron_locks AS l WHERE l.name = 'begin_cron_run ' || p_job FOR UPDATE;
        IF NOT FOUND THEN
            INSERT INTO {schema}.cron_locks (name) VALUES ('begin_cron_run ' || p_job) ON CONFLICT DO NOTHING;
            PERFORM FROM {schema}.cron_locks AS l WHERE l.name = 'begin_cron_run ' || p_job FOR UPDATE;
        END IF;
        other := {schema}.cron_run_in_flight(p_job, NULL);
        IF other IS NOT NULL THEN
            reason := format('run %s is on its way', other);
        END IF;
    END IF;
    IF reason IS NOT NULL THEN
        INSERT INTO {schema}.cron_runs (job, state, settled_at, detail, source, due_at)
        VALUES (p_job, 'skipped', clock_timestamp(), reason, origin, due);
        RETURN;
    END IF;
    RETURN QUERY
        INSERT INTO {schema}.cron_runs AS r (job, source, due_at, policy, idempotency)
        VALUES (
            p_job,
            origin,
            due,
            -- Whoever runs it otherwise waits for what comes of it.
            CASE WHEN origin IN ('schedule', 'catch_up') THEN p_policy END,
            CASE WHEN p_policy ? 'idempotency' THEN gen_random_uuid() END
        )
        RETURNING r.run, r.idempotency::text;
END
$body$
