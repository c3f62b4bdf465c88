-- cron_run_in_flight returns the oldest open run of a job, if there is one.
-- Called by: begin_cron_run, retry_cron_runs (both for overlap: skip)
-- Locks: none
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.cron_run_in_flight(p_job text, p_but bigint)
RETURNS bigint
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- A run of a job, other than p_but, that waits for its answer or, unless p_but does so too, for its next attempt.
BEGIN
    RETURN (
        SELECT r.run
        FROM {schema}.cron_runs AS r
        WHERE r.state IN ('queued', 'sent', 'retrying') AND r.job = p_job AND r.run IS DISTINCT FROM p_but
          AND CASE
              WHEN r.state = 'retrying' THEN p_but IS NULL
              WHEN NOT EXISTS (
                  SELECT FROM {schema}.cron_run_requests AS q
                  WHERE q.request = r.request AND q.run = r.run AND q.queue = to_regclass('net.http_request_queue')
              ) THEN false
              -- Responses have an index on created alone, and most come soon.
              WHEN EXISTS (
                  SELECT FROM net._http_response AS a
                  WHERE a.id = r.request AND a.created >= r.fired_at - interval '1 second'
                    AND a.created <= r.fired_at + interval '5 seconds'
              ) THEN false
              ELSE NOT EXISTS (
                  SELECT FROM net._http_response AS a
                  WHERE a.id = r.request AND a.created >= r.fired_at - interval '10 minutes'
              )
          END
        ORDER BY r.run
        LIMIT 1
    );
END
$body$
