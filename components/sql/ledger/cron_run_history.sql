CREATE OR REPLACE VIEW {schema}.cron_run_history WITH (security_invoker = true) AS
SELECT r.job, r.run, r.runid, r.state, r.fired_at, r.settled_at, r.milliseconds, r.status_code, r.detail, r.response,
    r.source, r.attempt, r.retry_at, r.earlier, r.due_at, r.secrets, r.milliseconds_at_most
FROM {schema}.cron_runs AS r
UNION ALL
-- Those that the sweep has not put down yet, of the newest. (An array, since the planner takes a bound that it cannot
-- know for a third of the table.)
SELECT h.job, NULL, h.runid, h.state, h.fired_at, h.settled_at, h.milliseconds, NULL, left(h.detail, 500), NULL,
    'schedule', 1, NULL, NULL, NULL, NULL, NULL
FROM {schema}.cron_job_runs AS h
WHERE h.runid = ANY (ARRAY(SELECT d.runid FROM cron.job_run_details AS d ORDER BY d.runid DESC LIMIT 1000))
  AND NOT EXISTS (SELECT FROM {schema}.cron_runs AS r WHERE r.runid = h.runid)
