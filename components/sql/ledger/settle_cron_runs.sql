-- settle_cron_runs reads pg_net's answers, writes the verdicts into cron_runs and returns their number.
-- Called by: sweep_cron_runs; cronctl trigger --wait, cronctl logs --follow; the resource CronJob (verifyFirstRun)
-- Locks: the row "settle_cron_runs" of cron_locks (FOR UPDATE SKIP LOCKED; another session's lock makes it return 0),
--   and the rows that it writes
-- Raises: nothing of its own; the server raises invalid_schema_name where pg_net is not installed, and
--   lock_not_available where it waits for a lock for more than 10 seconds
CREATE OR REPLACE FUNCTION {schema}.settle_cron_runs()
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '10s'
AS $body$
-- Write down what came back for the requests that are on their way, before pg_net forgets it, and what never will. Returns
-- how many requests found their end. Whoever waits for a run calls it again and again; the sweep does so for all.
DECLARE
    earliest {schema}.cron_runs;
    numbered_by CONSTANT oid := 'net.http_request_queue'::regclass;
    since timestamptz;
    from_runid bigint;
    many bigint;
    settled bigint := 0;
BEGIN
    INSERT INTO {schema}.cron_locks (name) VALUES ('settle_cron_runs') ON CONFLICT DO NOTHING;
    PERFORM FROM {schema}.cron_locks AS l WHERE l.name = 'settle_cron_runs' FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN 0; -- somebody does so at this moment
    END IF;
    SELECT * INTO earliest FROM {schema}.cron_runs AS r
    WHERE r.state IN ('queued', 'sent') ORDER BY r.run LIMIT 1;

    -- An endpoint may echo what it was sent, so the values of secrets are taken out of what is kept. No variable holds them:
    -- it would be a constant of the statement's plan, which a server may log. A subquery is computed once.

    -- pg_net's responses have an index on created alone. What that does not find (a clock was set back) is looked for in all.
    from_runid := {schema}.cron_runs_unseen_from();
    FOREACH since IN ARRAY ARRAY[earliest.fired_at - interval '10 minutes', '-infinity'] LOOP
        EXIT WHEN earliest.run IS NULL;
        WITH answers AS MATERIALIZED (
            SELECT DISTINCT ON (q.run) q.run, q.request, q.rule, count(*) OVER (PARTITION BY q.run) AS answers, a.*
            FROM {schema}.cron_run_requests AS q JOIN net._http_response AS a ON a.id = q.request
            WHERE a.created >= since AND q.queue = numbered_by
              -- written by somebody else, since pg_net takes a request out in the transaction that brings its answer
              AND NOT EXISTS (SELECT FROM net.http_request_queue AS w WHERE w.id = q.request)
            ORDER BY q.run, a.created
        ), fired AS MATERIALIZED (
            -- pg_cron's runs, as in settle_cron_job_runs, so that one update of a row does. As a document, since the planner
            -- would join two lists that it knows nothing of row by row; and computed where there is an answer.
            SELECT jsonb_object_agg(found.run, found.runid) AS runids
            FROM (
                SELECT DISTINCT ON (r.run) r.run, d.runid, d.start_time, r.fired_at
                FROM cron.job_run_details AS d
                JOIN cron.job AS j ON j.jobid = d.jobid
                JOIN {schema}.cron_runs AS r ON r.pid = d.job_pid AND r.job = j.jobname::text COLLATE "default"
                WHERE d.runid > from_runid AND r.run >= earliest.run AND num_nulls(r.runid) > 0
                  AND num_nonnulls(r.request) > 0
                ORDER BY r.run, abs(extract(epoch FROM d.start_time - r.fired_at)) NULLS LAST
            ) AS found
            WHERE found.start_time BETWEEN found.fired_at - interval '1 minute' AND found.fired_at + interval '1 second'
        ), taken AS (
            DELETE FROM {schema}.cron_run_requests AS q USING answers AS a
            WHERE q.request = a.request AND q.queue = numbered_by
        )
        UPDATE {schema}.cron_runs AS r
        SET runid = coalesce(r.runid, ((SELECT f.runids FROM fired AS f) ->> r.run::text)::bigint),
            state = CASE WHEN a.answers > 1 THEN 'failed' ELSE verdict.state END,
            detail = CASE
                WHEN a.answers > 1 THEN 'has more than one answer, and pg_net writes one: somebody may have forged it'
                ELSE {schema}.mask_cron_secrets(verdict.detail, (SELECT {schema}.cron_secret_pattern()), 500)
            END,
            policy = CASE WHEN verdict.final THEN r.policy - 'retry' ELSE r.policy END,
            settled_at = clock_timestamp(),
            sent_at = CASE WHEN isfinite(a.created) THEN a.created END, -- else somebody forged it
            milliseconds = verdict.milliseconds,
            milliseconds_at_most = CASE WHEN verdict.milliseconds IS NULL AND a.status_code IS NOT NULL THEN greatest(least(
                CASE WHEN isfinite(a.created) -- below 0 where a clock was set back
                    THEN ceil(extract(epoch FROM clock_timestamp() - a.created) * 1000) END,
                CASE jsonb_typeof(a.rule -> 'timeout') WHEN 'number' THEN (a.rule ->> 'timeout')::numeric * 1000 END,
                2147483647
            ), 0)::int END,
            status_code = a.status_code,
            response = {schema}.mask_cron_secrets(a.content, (SELECT {schema}.cron_secret_pattern()), 1024)
        FROM answers AS a
        CROSS JOIN LATERAL {schema}.judge_cron_answer(
            a.status_code, a.headers, a.content, a.timed_out, a.error_msg, a.rule
        ) AS verdict
        WHERE r.run = a.run AND r.state IN ('queued', 'sent');
        GET DIAGNOSTICS many = ROW_COUNT;
        settled := settled + many;
        EXIT WHEN NOT EXISTS (
            SELECT FROM {schema}.cron_run_requests AS q
            WHERE NOT EXISTS (SELECT FROM net.http_request_queue AS w WHERE w.id = q.request)
        );
    END LOOP;

    -- Neither waiting nor answered: pg_net's tables are emptied by a crash, its responses expire. One statement, so that
    -- a round that ends meanwhile is seen as a whole or not at all.
    WITH gone AS (
        SELECT r.run, q.request, q.queue
        FROM {schema}.cron_runs AS r LEFT JOIN {schema}.cron_run_requests AS q ON q.run = r.run
        WHERE r.state IN ('queued', 'sent') AND r.request IS NOT NULL
          AND (q.queue IS DISTINCT FROM numbered_by OR (
              NOT EXISTS (SELECT FROM net.http_request_queue AS w WHERE w.id = q.request)
              AND NOT EXISTS (SELECT FROM net._http_response AS a WHERE a.id = q.request)
          ))
    ), forgotten AS (
        DELETE FROM {schema}.cron_run_requests AS q USING gone WHERE q.request = gone.request AND q.queue = gone.queue
    )
    UPDATE {schema}.cron_runs AS r
    SET state = 'lost',
        settled_at = clock_timestamp(),
        detail = CASE
            WHEN gone.request IS NULL
                THEN 'the server crashed while the request was on its way; whether it arrived is not known'
            WHEN gone.queue <> numbered_by
                THEN 'pg_net was made anew while the request was on its way; whether it arrived is not known'
            ELSE 'pg_net dropped the request or forgot its answer before it was looked at'
        END
    FROM gone
    WHERE r.run = gone.run;
    GET DIAGNOSTICS many = ROW_COUNT;
    settled := settled + many;
    PERFORM {schema}.schedule_cron_retries(earliest.run);
    RETURN settled;
END
$body$
