-- Our jobs with their newest runs, and how much is on its way: one row a job.
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
    ARRAY(
        SELECT r.state FROM {schema}.cron_runs AS r -- from the index alone
        WHERE r.job = j.jobname::text COLLATE "default" AND r.state NOT IN ('queued', 'sent', 'retrying', 'skipped') ORDER BY r.fired_at DESC LIMIT {streak}
    ) AS verdicts,
    (
        SELECT count(*) FROM {schema}.cron_runs AS r
        WHERE r.state IN ('queued', 'sent', 'retrying') AND r.job = j.jobname::text COLLATE "default"
    ) AS in_flight
FROM cron.job AS j
LEFT JOIN LATERAL (
    SELECT * FROM {schema}.cron_runs AS r
    WHERE r.job = j.jobname::text COLLATE "default" AND r.state NOT IN ('queued', 'sent', 'retrying', 'skipped') ORDER BY r.fired_at DESC LIMIT 1
) AS last ON true
WHERE j.command LIKE '-- supabase-cron: %' AND j.username = current_user
ORDER BY j.jobname
