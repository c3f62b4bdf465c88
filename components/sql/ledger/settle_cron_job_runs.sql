-- settle_cron_job_runs copies what cron.job_run_details says of runs into cron_runs.
-- Called by: sweep_cron_runs
-- Locks: none beyond the rows that it writes
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.settle_cron_job_runs()
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- Write down pg_cron's own account of the last runs: which of them a request belongs to, and what came of all others.
DECLARE
    from_runid bigint;
    oldest bigint;
BEGIN
    -- pg_cron that was dropped and made again numbers its runs from 1, so what is known by the old numbers loses them.
    IF EXISTS (
        SELECT FROM (
            SELECT r.runid, r.pid FROM {schema}.cron_runs AS r WHERE r.runid IS NOT NULL ORDER BY r.runid DESC LIMIT 100
        ) AS known
        LEFT JOIN cron.job_run_details AS d ON d.runid = known.runid
        WHERE d.job_pid <> known.pid OR known.runid > (SELECT s.last_value FROM cron.runid_seq AS s)
    ) THEN
        UPDATE {schema}.cron_runs AS r SET runid = NULL WHERE r.runid IS NOT NULL;
    END IF;

    -- A request's run is that of the same backend and job, as close in time as can be; settle_cron_runs finds most. pg_cron
    -- writes the pid down after it has sent the command, so it may be found a sweep later. What is NULL is asked for in a way that the planner knows
    -- nothing of: by its statistics hardly any run is without a runid, and it would go through the details once a run.
    from_runid := {schema}.cron_runs_unseen_from();
    SELECT least(
        (SELECT r.run FROM {schema}.cron_runs AS r WHERE r.state IN ('queued', 'sent') ORDER BY r.run LIMIT 1),
        max(r.run) - 1000
    ) INTO oldest FROM {schema}.cron_runs AS r;
    UPDATE {schema}.cron_runs AS r
    SET runid = found.runid
    FROM (
        SELECT DISTINCT ON (r.run) r.run, d.runid
        FROM cron.job_run_details AS d
        JOIN cron.job AS j ON j.jobid = d.jobid
        JOIN {schema}.cron_runs AS r ON r.pid = d.job_pid AND r.job = j.jobname::text COLLATE "default"
        WHERE d.runid > from_runid AND r.run >= oldest AND num_nulls(r.runid) > 0 AND num_nonnulls(r.request) > 0
        ORDER BY r.run, abs(extract(epoch FROM d.start_time - r.fired_at)) NULLS LAST
    ) AS found
    WHERE r.run = found.run;

    UPDATE {schema}.cron_runs AS r -- those that were under way when they were first seen
    SET state = coalesce(h.state, 'lost'),
        settled_at = coalesce(h.settled_at, clock_timestamp()),
        milliseconds = h.milliseconds,
        detail = CASE WHEN h.runid IS NULL
            THEN 'its job or pg_cron''s account of it was removed while it ran'
            ELSE {schema}.mask_cron_secrets(h.detail, (SELECT {schema}.cron_secret_pattern()), 500) END
    FROM {schema}.cron_runs AS o
    LEFT JOIN {schema}.cron_job_runs AS h ON h.runid = o.runid
    WHERE r.run = o.run AND o.state IN ('queued', 'sent') AND o.request IS NULL
      AND (h.runid IS NULL OR h.settled_at IS NOT NULL);

    INSERT INTO {schema}.cron_runs (job, state, fired_at, settled_at, runid, pid, milliseconds, detail)
    SELECT h.job, h.state, h.fired_at, h.settled_at, h.runid, h.pid, h.milliseconds,
        {schema}.mask_cron_secrets(h.detail, (SELECT {schema}.cron_secret_pattern()), 500)
    FROM {schema}.cron_job_runs AS h
    WHERE h.runid > from_runid AND h.fired_at IS NOT NULL
      AND NOT EXISTS (SELECT FROM {schema}.cron_runs AS r WHERE r.runid = h.runid)
    ORDER BY h.runid;
END
$body$
