CREATE OR REPLACE FUNCTION {schema}.settle_cron_runs()
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '10s'
AS $body$
-- Write down what came back for the requests that are on their way, before pg_net forgets it, and what never will; then
-- what pg_cron tells of all other runs. Returns how many requests found their end. Whoever waits for a run calls it
-- again and again; the sweep job does so for all.
DECLARE
    earliest {schema}.cron_runs;
    since timestamptz;
    from_runid bigint;
    oldest bigint;
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
    FOREACH since IN ARRAY ARRAY[earliest.fired_at - interval '10 minutes', '-infinity'] LOOP
        EXIT WHEN earliest.run IS NULL;
        WITH answers AS MATERIALIZED (
            SELECT DISTINCT ON (q.run) q.run, q.request, q.rule, count(*) OVER (PARTITION BY q.run) AS answers, a.*
            FROM {schema}.cron_run_requests AS q JOIN net._http_response AS a ON a.id = q.request
            WHERE a.created >= since
              -- written by somebody else, since pg_net takes a request out in the transaction that brings its answer
              AND NOT EXISTS (SELECT FROM net.http_request_queue AS w WHERE w.id = q.request)
            ORDER BY q.run, a.created
        ), taken AS (
            DELETE FROM {schema}.cron_run_requests AS q USING answers AS a WHERE q.request = a.request
        )
        UPDATE {schema}.cron_runs AS r
        SET state = CASE
                WHEN a.answers > 1 THEN 'failed'
                WHEN a.timed_out OR a.error_msg ILIKE 'timeout%' THEN 'timed_out'
                WHEN a.error_msg IS NOT NULL THEN 'failed'
                WHEN (a.status_code <@ (a.rule ->> 'status')::int4multirange) IS NOT TRUE THEN 'failed'
                WHEN a.rule ? 'body' AND NOT {schema}.cron_body_matches(a.content, a.rule ->> 'body') THEN 'failed'
                ELSE 'ok'
            END,
            detail = CASE
                WHEN a.answers > 1 THEN 'has more than one answer, and pg_net writes one: somebody may have forged it'
                WHEN a.timed_out OR a.error_msg ILIKE 'timeout%'
                    THEN format('no answer within %s s', (a.rule ->> 'timeout')::float)
                WHEN a.error_msg IS NOT NULL
                    THEN {schema}.mask_cron_secrets(a.error_msg, (SELECT {schema}.cron_secret_pattern()), 500)
                WHEN (a.status_code <@ (a.rule ->> 'status')::int4multirange) IS NOT TRUE
                    THEN format('answered with status %s', coalesce(a.status_code::text, 'none'))
                WHEN a.rule ? 'body' AND NOT {schema}.cron_body_matches(a.content, a.rule ->> 'body')
                    THEN format('answered with status %s and a body that is no success', a.status_code)
            END,
            settled_at = clock_timestamp(),
            sent_at = a.created,
            milliseconds = coalesce(
                CASE WHEN a.headers ->> 'x-envoy-upstream-service-time' ~ '^\d{{1,7}}$'
                    THEN (a.headers ->> 'x-envoy-upstream-service-time')::int END,
                substring(a.error_msg FROM 'Total time: (\d{{1,7}})[.\d]* ms')::int
            ),
            status_code = a.status_code,
            response = {schema}.mask_cron_secrets(a.content, (SELECT {schema}.cron_secret_pattern()), 1024)
        FROM answers AS a
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
        SELECT r.run, q.request
        FROM {schema}.cron_runs AS r LEFT JOIN {schema}.cron_run_requests AS q ON q.run = r.run
        WHERE r.state IN ('queued', 'sent') AND r.request IS NOT NULL
          AND NOT EXISTS (SELECT FROM net.http_request_queue AS w WHERE w.id = q.request)
          AND NOT EXISTS (SELECT FROM net._http_response AS a WHERE a.id = q.request)
    ), forgotten AS (
        DELETE FROM {schema}.cron_run_requests AS q USING gone WHERE q.request = gone.request
    )
    UPDATE {schema}.cron_runs AS r
    SET state = 'lost',
        settled_at = clock_timestamp(),
        detail = CASE WHEN gone.request IS NULL
            THEN 'the server crashed while the request was on its way; whether it arrived is not known'
            ELSE 'pg_net dropped the request or forgot its answer before it was looked at' END
    FROM gone
    WHERE r.run = gone.run;
    GET DIAGNOSTICS many = ROW_COUNT;
    settled := settled + many;
    PERFORM {schema}.schedule_cron_retries(earliest.run);

    -- pg_cron's own account of the last runs. A request's is that of the same backend and job, as close in time as can be;
    -- pg_cron writes the pid down after it has sent the command, so it may be found a sweep later. What is NULL is asked
    -- for in a way that the planner knows nothing of: by its statistics hardly any run is without a runid, and it would
    -- go through the details once a run.
    SELECT greatest(
        (SELECT s.last_value - 100000 FROM cron.runid_seq AS s),
        (SELECT r.runid - 1000 FROM {schema}.cron_runs AS r WHERE r.runid IS NOT NULL ORDER BY r.runid DESC LIMIT 1)
    ) INTO from_runid;
    SELECT least(earliest.run, max(r.run) - 1000) INTO oldest FROM {schema}.cron_runs AS r;
    UPDATE {schema}.cron_runs AS r
    SET runid = found.runid
    FROM (
        SELECT DISTINCT ON (r.run) r.run, d.runid
        FROM cron.job_run_details AS d
        JOIN cron.job AS j ON j.jobid = d.jobid
        JOIN {schema}.cron_runs AS r ON r.pid = d.job_pid AND r.job = j.jobname::text COLLATE "default"
        WHERE d.runid > from_runid AND r.run >= oldest AND num_nulls(r.runid) > 0 AND num_nonnulls(r.request) > 0
        ORDER BY r.run, abs(extract(epoch FROM d.start_time - r.fired_at)) NULLS LAST
    ) AS found
    WHERE r.run = found.run;

    UPDATE {schema}.cron_runs AS r -- those that were under way when they were first seen
    SET state = coalesce(h.state, 'lost'),
        settled_at = coalesce(h.settled_at, clock_timestamp()),
        milliseconds = h.milliseconds,
        detail = CASE WHEN h.runid IS NULL
            THEN 'its job or pg_cron''s account of it was removed while it ran'
            ELSE {schema}.mask_cron_secrets(h.detail, (SELECT {schema}.cron_secret_pattern()), 500) END
    FROM {schema}.cron_runs AS o
    LEFT JOIN {schema}.cron_job_runs AS h ON h.runid = o.runid
    WHERE r.run = o.run AND o.state IN ('queued', 'sent') AND o.request IS NULL
      AND (h.runid IS NULL OR h.settled_at IS NOT NULL);

    INSERT INTO {schema}.cron_runs (job, state, fired_at, settled_at, runid, pid, milliseconds, detail)
    SELECT h.job, h.state, h.fired_at, h.settled_at, h.runid, h.pid, h.milliseconds,
        {schema}.mask_cron_secrets(h.detail, (SELECT {schema}.cron_secret_pattern()), 500)
    FROM {schema}.cron_job_runs AS h
    WHERE h.runid > from_runid AND h.fired_at IS NOT NULL
      AND NOT EXISTS (SELECT FROM {schema}.cron_runs AS r WHERE r.runid = h.runid)
    ORDER BY h.runid;
    RETURN settled;
END
$body$
