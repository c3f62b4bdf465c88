-- Our jobs, those that should be there and are not among them, with their newest runs and how much is on its way: one row a
-- job. The newest verdicts are read from the index alone, and the last run by its number. Of our own jobs a bad run counts
-- until the next good one, which is not put down.
SELECT
    s.job,
    s.jobid,
    s.schedule,
    s.active,
    s.standing,
    last.run AS last_run,
    CASE WHEN repaired.ended IS NULL THEN last.state END AS state,
    last.fired_at,
    last.milliseconds,
    last.status_code,
    last.detail,
    last.response,
    last.source,
    coalesce(newest.verdicts, '{{}}') AS verdicts,
    coalesce(waiting.runs, 0) AS in_flight
FROM {schema}.cron_job_standings AS s
LEFT JOIN LATERAL (
    SELECT array_agg(ended.state) AS verdicts, (array_agg(ended.run))[1] AS run
    FROM (
        SELECT r.state, r.run FROM {schema}.cron_runs AS r
        WHERE r.job = s.job AND r.state NOT IN ('queued', 'sent', 'retrying', 'skipped')
        ORDER BY r.fired_at DESC, r.run DESC LIMIT {streak}
    ) AS ended
) AS newest ON true
LEFT JOIN {schema}.cron_runs AS last ON last.run = newest.run
LEFT JOIN LATERAL (
    SELECT d.end_time AS ended FROM cron.job_run_details AS d
    WHERE s.job ~ {own_jobs} AND d.jobid = s.jobid AND d.status = 'succeeded' AND d.start_time > last.fired_at
      AND d.runid > (SELECT max(n.runid) - 1000 FROM cron.job_run_details AS n)
    LIMIT 1
) AS repaired ON true
LEFT JOIN (
    SELECT r.job, count(*) AS runs FROM {schema}.cron_runs AS r
    WHERE r.state IN ('queued', 'sent', 'retrying') GROUP BY r.job
) AS waiting ON waiting.job = s.job
ORDER BY s.job
