-- take_cron_alerts updates what an alert knows of each job and returns the messages that are due.
-- Called by: the commands of the jobs cron-alert-<alert>-<schema> (declaration/command.py)
-- Locks: none beyond the rows that it writes
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.take_cron_alerts(p_alert text, p_stack text, p_policy jsonb)
RETURNS TABLE (message text, job text, event text, run bigint, detail text, stack text)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- The messages that an alert has to send now, one a job: how each job of the stack stands is held against what the alert
-- last knew of it, and what has changed is told once. One whose request came to nothing is sent again, four times at
-- most, while nothing has changed since.
BEGIN
    DELETE FROM {schema}.cron_alerts AS a
    WHERE a.alert = p_alert AND NOT EXISTS (SELECT FROM {schema}.cron_job_standings AS s WHERE s.job = a.job);

    INSERT INTO {schema}.cron_alerts AS a (alert, job, condition, event, message, run)
    SELECT
        p_alert,
        changed.job,
        changed.condition,
        CASE WHEN changed.is_told THEN changed.event ELSE changed.known_event END,
        CASE WHEN changed.is_told THEN format('%s: job %s ', p_stack, changed.job) || CASE changed.condition
            WHEN 'ok' THEN 'works again'
            WHEN 'failed' THEN format('failed: %s', changed.detail)
            WHEN 'exhausted' THEN format('failed in all its attempts: %s', changed.detail)
            ELSE CASE changed.standing
                WHEN 'missing' THEN 'is gone: somebody unscheduled it'
                WHEN 'overwritten' THEN 'was overwritten: the job of that name is not this stack''s any more'
                WHEN 'paused' THEN 'is paused, though it is declared active'
                ELSE format(
                    'has not run since %s UTC, though it was due twice (%s)',
                    to_char(greatest(changed.since, changed.fired_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'),
                    changed.schedule
                )
            END
        END || CASE WHEN changed.condition <> 'silent' AND changed.run IS NOT NULL
            THEN format(' (run %s)', changed.run) ELSE '' END END,
        CASE WHEN changed.is_told AND changed.condition <> 'silent' THEN changed.run END
    FROM (
        SELECT present.*, news.event, known.event AS known_event,
            coalesce(p_policy -> 'on' ? news.event, false)
                AND (known.event = news.event AND known.run = present.run) IS NOT TRUE AS is_told -- of a run once
        FROM (
            SELECT s.job, s.schedule, s.standing, coalesce(w.since, s.since) AS since, newest.fired_at, ended.run, ended.detail, CASE
                WHEN s.standing IN ('missing', 'overwritten', 'paused') THEN 'silent'
                WHEN s.active AND {schema}.cron_job_is_silent(s.schedule, coalesce(w.since, s.since), newest.fired_at) THEN 'silent'
                WHEN ended.state IN ('failed', 'timed_out', 'lost') THEN 'failed'
                ELSE ended.state
            END AS condition
            FROM {schema}.cron_job_standings AS s
            LEFT JOIN {schema}.cron_watched_jobs AS w ON w.job = s.job
            LEFT JOIN LATERAL (
                SELECT r.fired_at FROM {schema}.cron_runs AS r WHERE r.job = s.job ORDER BY r.fired_at DESC LIMIT 1
            ) AS newest ON true
            LEFT JOIN LATERAL (
                SELECT * FROM {schema}.cron_runs AS r
                WHERE r.job = s.job AND r.state IN ('ok', 'failed', 'timed_out', 'lost', 'exhausted')
                ORDER BY r.fired_at DESC LIMIT 1
            ) AS ended ON true
            WHERE s.job !~ {own_jobs} AND (NOT p_policy ? 'jobs' OR p_policy -> 'jobs' ? s.job)
            UNION ALL
            -- The own runs of the sweep and of the job that catches up are not put down. Where the sweep stands still, nothing
            -- else is told either; what is caught up on may take its time.
            SELECT s.job, s.schedule, s.standing, s.since, steps.last_sign, NULL, steps.failures, CASE
                WHEN s.standing IN ('missing', 'overwritten', 'paused')
                  OR starts_with(s.job, {runs_sweep})
                  AND greatest(s.since, steps.last_sign) < clock_timestamp() - interval '5 minutes' THEN 'silent'
                WHEN steps.failures IS NOT NULL THEN 'failed'
                WHEN steps.last_sign IS NOT NULL THEN 'ok'
            END
            FROM {schema}.cron_job_standings AS s
            CROSS JOIN LATERAL (
                SELECT
                    max(greatest(w.ended_at, w.failed_at)) AS last_sign,
                    string_agg(w.step || ': ' || w.detail, '; ') FILTER (
                        WHERE w.failed_at > coalesce(w.ended_at, '-infinity')
                    ) AS failures
                FROM {schema}.cron_sweeps AS w
                WHERE w.step IN ('catch_up_cron_runs', 'sweep_cron_catch_up') = starts_with(s.job, {catch_up})
            ) AS steps
            WHERE (starts_with(s.job, {runs_sweep}) OR starts_with(s.job, {catch_up})) AND NOT p_policy ? 'jobs'
        ) AS present
        LEFT JOIN {schema}.cron_alerts AS known ON known.alert = p_alert AND known.job = present.job
        CROSS JOIN LATERAL (SELECT CASE
            -- who was told of no failure is told of no recovery: known.event is the last that was told
            WHEN present.condition = 'ok'
                THEN CASE WHEN known.event <> 'recovered' AND p_policy -> 'on' ? known.event THEN 'recovered' END
            WHEN present.condition = 'exhausted' AND NOT p_policy -> 'on' ? 'exhausted' THEN 'failed'
            ELSE present.condition
        END AS event) AS news
        WHERE present.condition IS NOT NULL AND present.condition IS DISTINCT FROM known.condition
    ) AS changed
    ON CONFLICT ON CONSTRAINT cron_alerts_pkey DO UPDATE
    SET condition = excluded.condition,
        since = clock_timestamp(),
        event = excluded.event,
        message = coalesce(excluded.message, a.message),
        run = CASE WHEN excluded.message IS NULL THEN a.run ELSE excluded.run END,
        sent = CASE WHEN excluded.message IS NULL THEN a.sent END,
        -- what was told before is not sent again, now that something has changed
        attempts = CASE WHEN excluded.message IS NULL THEN 5 ELSE 0 END;

    RETURN QUERY
        SELECT a.message, a.job, a.event, a.run, about.detail, p_stack
        FROM {schema}.cron_alerts AS a
        LEFT JOIN {schema}.cron_runs AS about ON about.run = a.run
        LEFT JOIN {schema}.cron_runs AS carrier ON carrier.run = a.sent
        WHERE a.alert = p_alert AND p_policy -> 'on' ? a.event
          AND (a.sent IS NULL OR (
              carrier.state IN ('failed', 'timed_out', 'lost') AND a.attempts < 5
              AND carrier.settled_at < clock_timestamp() - 2 ^ a.attempts * interval '1 minute'
          ))
        ORDER BY a.since, a.job;
END
$body$
