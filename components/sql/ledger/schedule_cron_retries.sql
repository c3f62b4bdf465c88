-- schedule_cron_retries sets the time of the next attempt of runs that came to nothing, or marks them as exhausted.
-- Called by: settle_cron_runs, retry_cron_runs
-- Locks: none beyond the rows that it writes
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.schedule_cron_retries(p_from bigint)
RETURNS void
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- Of the runs from p_from on that just ended badly, those that their policy tries again wait for it, between half and
-- all of a time that doubles with each attempt; those that were tried often enough are exhausted.
UPDATE {schema}.cron_runs AS r
SET state = CASE WHEN more THEN 'retrying' ELSE 'exhausted' END,
    settled_at = CASE WHEN more THEN NULL ELSE r.settled_at END,
    retry_at = CASE WHEN more THEN clock_timestamp() + (0.5 + random() / 2) * least(
        (r.policy #>> '{{retry,backoff}}')::float * 2 ^ least(r.attempt - 1, 30),
        (r.policy #>> '{{retry,max_backoff}}')::float
    ) * interval '1 second' END,
    earlier = r.earlier || format(
        '%s %s: %s', to_char(r.settled_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), r.state, r.detail
    )
FROM {schema}.cron_runs AS o, LATERAL (SELECT o.attempt < (o.policy #>> '{{retry,attempts}}')::int AS more) AS left_over
WHERE r.run = o.run AND o.run >= p_from AND o.state IN ('failed', 'timed_out', 'lost')
  AND o.policy #> '{{retry,on}}' ? o.state
$body$
