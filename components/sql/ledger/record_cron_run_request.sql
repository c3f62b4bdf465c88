-- record_cron_run_request stores the request of a run that was begun, with the rule that judges its answer.
-- Called by: the commands of jobs that send a request with a policy (declaration/command.py), after begin_cron_run
-- Locks: none beyond the rows that it writes
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.record_cron_run_request(p_run bigint, p_request bigint, p_rule jsonb)
RETURNS bigint
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- The request that was just queued for a run that begin_cron_run began. Returns the run.
WITH begun AS (
    UPDATE {schema}.cron_runs AS r SET request = p_request, secrets = p_rule -> 'secrets' WHERE r.run = p_run RETURNING r.run
)
INSERT INTO {schema}.cron_run_requests (request, run, rule)
SELECT p_request, begun.run, p_rule FROM begun
ON CONFLICT (request, queue) DO UPDATE SET run = excluded.run, rule = excluded.rule
RETURNING run
$body$
