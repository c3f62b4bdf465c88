-- record_cron_alert stores which run carries the message of an alert, and counts the attempt.
-- Called by: the commands of the jobs cron-alert-<alert>-<schema> (declaration/command.py)
-- Locks: none beyond the rows that it writes
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.record_cron_alert(p_alert text, p_job text, p_run bigint)
RETURNS bigint
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- An alert's message about a job is on its way, as the request of a run.
UPDATE {schema}.cron_alerts AS a SET sent = p_run, attempts = a.attempts + 1
WHERE a.alert = p_alert AND a.job = p_job
RETURNING a.sent
$body$
