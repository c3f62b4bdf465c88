-- cron_runs_unseen_from returns the number of pg_cron's run after which the ledger may lack some.
-- Called by: settle_cron_runs, settle_cron_job_runs
-- Locks: none
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.cron_runs_unseen_from()
RETURNS bigint
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- What is NULL is asked for in a way that the index answers.
SELECT greatest(
    (SELECT s.last_value - 100000 FROM cron.runid_seq AS s),
    (SELECT r.runid - 1000 FROM {schema}.cron_runs AS r WHERE r.runid IS NOT NULL ORDER BY r.runid DESC LIMIT 1)
)
$body$
