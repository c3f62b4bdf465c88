-- Each job that the connected role may see in cron.job, with what came of its last run among the newest of pg_cron's account.
SELECT
    j.jobid,
    j.jobname::text COLLATE "default" AS job,
    j.schedule,
    j.active,
    j.username::text AS owner,
    j.database::text AS database,
    split_part(j.command, E'\n', 1) AS first_line,
    last.start_time AS last_run,
    last.status AS last_result
FROM cron.job AS j
LEFT JOIN (
    SELECT DISTINCT ON (d.jobid) d.jobid, d.start_time, d.status
    FROM cron.job_run_details AS d
    WHERE d.runid > (SELECT max(n.runid) - {newest} FROM cron.job_run_details AS n)
    ORDER BY d.jobid, d.runid DESC
) AS last ON last.jobid = j.jobid
ORDER BY j.jobname, j.jobid
