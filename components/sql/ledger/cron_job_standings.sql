CREATE OR REPLACE VIEW {schema}.cron_job_standings WITH (security_invoker = true) AS
-- How each job of this stack stands to what was declared, its own ones among them.
SELECT
    coalesce(d.job, j.name) AS job,
    j.jobid,
    coalesce(j.schedule, d.schedule) AS schedule,
    coalesce(j.active, false) AS active,
    coalesce(d.since, now()) AS since,
    CASE
        WHEN j.jobid IS NULL THEN 'missing'
        WHEN NOT j.ours THEN 'overwritten'
        WHEN d.active AND NOT j.active THEN 'paused'
        WHEN j.active AND NOT d.active THEN 'resumed'
        WHEN j.elsewhere OR j.schedule <> d.schedule OR j.digest <> d.command THEN 'changed'
        ELSE 'as declared'
    END AS standing
FROM {schema}.cron_job_declarations AS d
FULL JOIN (
    SELECT
        c.jobid,
        c.jobname::text COLLATE "default" AS name,
        c.schedule,
        c.active,
        c.database <> current_database() AS elsewhere,
        sha256(convert_to(c.command, 'UTF8')) AS digest,
        starts_with(c.command, {mark} || c.jobname::text || E'\n') AS ours
    FROM cron.job AS c
    WHERE c.username = (SELECT pg_get_userbyid(t.relowner) FROM pg_class AS t WHERE t.oid = {runs}::regclass)
) AS j ON j.name = d.job
WHERE d.job IS NOT NULL OR j.ours
