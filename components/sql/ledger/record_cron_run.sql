-- record_cron_run inserts the run of a request into the ledger, with the rule that judges its answer.
-- Called by: the commands of jobs that send a request without a policy, and of the jobs cron-alert-<alert>-<schema>
--   (declaration/command.py)
-- Locks: none beyond the rows that it writes
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.record_cron_run(p_job text, p_request bigint, p_rule jsonb)
RETURNS bigint
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- A row for a request that was just queued, in the same statement: both are there or neither is. Returns the run.
WITH made AS (
    INSERT INTO {schema}.cron_runs (job, request, secrets, source, due_at)
    SELECT p_job, p_request, p_rule -> 'secrets', origin,
        CASE WHEN origin = 'catch_up' THEN to_timestamp(nullif(current_setting('supabase_cron.due', true), '')::bigint) END
    FROM coalesce(nullif(current_setting('supabase_cron.source', true), ''), 'schedule') AS origin
    RETURNING run
)
INSERT INTO {schema}.cron_run_requests (request, run, rule)
SELECT p_request, made.run, p_rule FROM made
ON CONFLICT (request, queue) DO UPDATE SET run = excluded.run, rule = excluded.rule
RETURNING run
$body$
