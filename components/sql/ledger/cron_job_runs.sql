CREATE OR REPLACE VIEW {schema}.cron_job_runs WITH (security_invoker = true) AS
-- What pg_cron itself tells of runs that have no request in the ledger: SQL jobs, statements that failed before they
-- queued one, and requests of commands that are none of ours; also of a declared job that somebody removed or made anew,
-- by its mark. Those of other stacks stand in their ledgers. The sweeps' own runs are told when they failed.
SELECT
    name.of_job AS job,
    d.runid,
    d.job_pid AS pid,
    CASE
        WHEN d.status = 'succeeded' AND d.command ~ 'net\.http_(get|post|delete)' THEN 'lost'
        WHEN d.status = 'succeeded' THEN 'ok'
        WHEN d.status = 'failed' AND d.return_message ~ '^(server restarted|connection lost)' THEN 'lost'
        WHEN d.status = 'failed' THEN 'failed'
        WHEN d.status = 'running' THEN 'sent'
        ELSE 'queued'
    END AS state,
    coalesce(d.start_time, d.end_time, CASE WHEN d.status = 'failed' THEN now() END) AS fired_at, -- before 1.6.3: neither
    CASE WHEN d.status IN ('succeeded', 'failed') THEN coalesce(d.end_time, d.start_time, now()) END AS settled_at,
    -- As an int has them: 24.8 days at most, and none where a clock was set back.
    least(greatest(extract(epoch FROM d.end_time - d.start_time) * 1000, 0), 2147483647)::int AS milliseconds,
    CASE
        WHEN d.status = 'succeeded' AND d.command ~ 'net\.http_(get|post|delete)'
            THEN 'queued by a command that keeps no account of its answer'
        WHEN d.status = 'failed' THEN rtrim(d.return_message, E'\n')
    END AS detail
FROM cron.job_run_details AS d
LEFT JOIN cron.job AS j ON j.jobid = d.jobid
CROSS JOIN LATERAL (SELECT starts_with(d.command, {mark}) AS ours) AS marked
CROSS JOIN LATERAL (SELECT coalesce(
    j.jobname::text, CASE WHEN marked.ours THEN split_part(substr(d.command, length({mark}) + 1, 300), E'\n', 1) END
) AS of_job) AS name
WHERE name.of_job IS NOT NULL
  AND (marked.ours OR NOT starts_with(d.command, {any_mark}))
  AND (j.jobid IS NOT NULL OR EXISTS (
      SELECT FROM {schema}.cron_job_declarations AS c
      WHERE c.job = name.of_job AND c.since <= coalesce(d.start_time, d.end_time)
  ))
  AND NOT (d.command ~ 'record_cron_run' AND d.status <> 'failed')
  AND NOT (name.of_job ~ {own_jobs} AND d.status <> 'failed')
