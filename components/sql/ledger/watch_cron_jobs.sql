-- watch_cron_jobs updates cron_watched_jobs, and declares the stack's jobs that have no row in cron_job_declarations.
-- It returns false where another session does so.
-- Called by: sweep_cron_runs, sweep_cron_catch_up
-- Locks: the row "watch_cron_jobs" of cron_locks (FOR UPDATE SKIP LOCKED; another session's lock makes it return
--   false), and the rows of cron_watched_jobs that it writes (FOR UPDATE SKIP LOCKED)
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.watch_cron_jobs()
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- Keep note of since when each job of this stack has had its schedule and been active, and of those that nobody declared;
-- and of when it last ran before the ledger forgets that, or what was due then would count as missed. What it keeps it keeps
-- for a day at least. Rows that somebody holds are left to the next time: catch_up_cron_runs does, while it executes commands.
-- So is everything where sweep_cron_catch_up has watched in the transaction of such commands: who inserts the same row waits.
BEGIN
    INSERT INTO {schema}.cron_locks (name)
    SELECT 'watch_cron_jobs' WHERE NOT EXISTS (SELECT FROM {schema}.cron_locks AS l WHERE l.name = 'watch_cron_jobs')
    ON CONFLICT DO NOTHING;
    PERFORM FROM {schema}.cron_locks AS l WHERE l.name = 'watch_cron_jobs' FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO {schema}.cron_job_declarations (job, schedule, active, command)
    SELECT s.job, s.schedule, s.active, sha256(convert_to(j.command, 'UTF8'))
    FROM {schema}.cron_job_standings AS s JOIN cron.job AS j ON j.jobid = s.jobid
    WHERE NOT EXISTS (SELECT FROM {schema}.cron_job_declarations AS d WHERE d.job = s.job)
    ON CONFLICT (job) DO NOTHING;
    DELETE FROM {schema}.cron_watched_jobs AS w
    USING (
        SELECT o.job FROM {schema}.cron_watched_jobs AS o
        WHERE NOT EXISTS (
            SELECT FROM {schema}.cron_job_standings AS s WHERE s.job = o.job AND s.standing NOT IN ('missing', 'overwritten')
        )
        FOR UPDATE SKIP LOCKED
    ) AS gone
    WHERE w.job = gone.job;
    UPDATE {schema}.cron_watched_jobs AS w
    SET schedule = changed.schedule, active = changed.active, since = now()
    FROM (
        SELECT s.job, s.schedule, s.active
        FROM {schema}.cron_watched_jobs AS o JOIN {schema}.cron_job_standings AS s ON s.job = o.job
        WHERE s.standing NOT IN ('missing', 'overwritten') AND (s.schedule, s.active) <> (o.schedule, o.active)
        FOR UPDATE OF o SKIP LOCKED
    ) AS changed
    WHERE w.job = changed.job;
    INSERT INTO {schema}.cron_watched_jobs (job, schedule, active)
    SELECT s.job, s.schedule, s.active
    FROM {schema}.cron_job_standings AS s
    WHERE s.standing NOT IN ('missing', 'overwritten')
      AND NOT EXISTS (SELECT FROM {schema}.cron_watched_jobs AS o WHERE o.job = s.job)
    ON CONFLICT (job) DO NOTHING;
    UPDATE {schema}.cron_watched_jobs AS w
    SET since = ran.fired_at
    FROM (
        SELECT o.job, newest.fired_at
        FROM {schema}.cron_watched_jobs AS o
        CROSS JOIN LATERAL (
            SELECT r.fired_at FROM {schema}.cron_runs AS r WHERE r.job = o.job ORDER BY r.fired_at DESC LIMIT 1
        ) AS newest
        WHERE newest.fired_at > o.since AND newest.fired_at < now() - interval '12 hours'
        FOR UPDATE OF o SKIP LOCKED
    ) AS ran
    WHERE w.job = ran.job;
    -- What became of catching up is told no more where no job is to be caught up on.
    DELETE FROM {schema}.cron_sweeps AS w
    WHERE w.step IN ('catch_up_cron_runs', 'sweep_cron_catch_up')
      AND NOT EXISTS (SELECT FROM {schema}.cron_job_declarations AS d WHERE starts_with(d.job, {catch_up}));
    RETURN true;
END
$body$
