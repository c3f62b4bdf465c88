-- Our jobs with their newest runs, and how much is on its way: one row a job. The newest verdicts are read from the index
-- alone, and the last run by its number.
SELECT
    j.jobname::text AS job,
    j.jobid,
    j.schedule,
    j.active,
    j.command,
    last.run AS last_run,
    last.state,
    last.fired_at,
    last.milliseconds,
    last.status_code,
    last.detail,
    last.response,
    last.source,
    coalesce(newest.verdicts, '{{}}') AS verdicts,
    coalesce(waiting.runs, 0) AS in_flight
FROM cron.job AS j
LEFT JOIN LATERAL (
    SELECT array_agg(ended.state) AS verdicts, (array_agg(ended.run))[1] AS run
    FROM (
        SELECT r.state, r.run FROM {schema}.cron_runs AS r
        WHERE r.job = j.jobname::text COLLATE "default" AND r.state NOT IN ('queued', 'sent', 'retrying', 'skipped')
        ORDER BY r.fired_at DESC, r.run DESC LIMIT {streak}
    ) AS ended
) AS newest ON true
LEFT JOIN {schema}.cron_runs AS last ON last.run = newest.run
LEFT JOIN (
    SELECT r.job, count(*) AS runs FROM {schema}.cron_runs AS r
    WHERE r.state IN ('queued', 'sent', 'retrying') GROUP BY r.job
) AS waiting ON waiting.job = j.jobname::text COLLATE "default"
WHERE j.command LIKE '-- supabase-cron: %' AND j.username = current_user
ORDER BY j.jobname
