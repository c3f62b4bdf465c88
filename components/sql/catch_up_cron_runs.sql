CREATE OR REPLACE FUNCTION {schema}.catch_up_cron_runs(p_jobs text[])
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- Run once those of the jobs that were due while pg_cron did not run, however often that was. The last 90 seconds are
-- left to pg_cron, which starts no more than cron.max_running_jobs at once.
DECLARE
    missed record;
BEGIN
    FOR missed IN
        SELECT w.job, j.command, due.at
        FROM {schema}.cron_watched_jobs AS w
        JOIN cron.job AS j ON j.jobname::text COLLATE "default" = w.job AND j.username = current_user
        CROSS JOIN LATERAL {schema}.cron_last_due(
            w.schedule, w.since, now() - interval '90 seconds', coalesce(current_setting('cron.timezone', true), 'GMT')
        ) AS due (at)
        WHERE w.job = ANY (p_jobs) AND w.active AND j.active AND due.at IS NOT NULL
          AND NOT EXISTS (
              SELECT FROM {schema}.cron_runs AS r
              WHERE r.job = w.job AND r.fired_at >= due.at - interval '2 seconds'
          )
        ORDER BY due.at
        FOR UPDATE OF w SKIP LOCKED
    LOOP
        UPDATE {schema}.cron_watched_jobs AS w SET since = missed.at WHERE w.job = missed.job;
        BEGIN
            PERFORM set_config('supabase_cron.source', 'catch_up', true);
            EXECUTE missed.command;
        EXCEPTION WHEN OTHERS THEN
            INSERT INTO {schema}.cron_runs (job, state, settled_at, detail, source)
            VALUES (
                missed.job, 'failed', clock_timestamp(),
                {schema}.mask_cron_secrets(SQLERRM, (SELECT {schema}.cron_secret_pattern()), 500), 'catch_up'
            );
        END;
        PERFORM set_config('supabase_cron.source', '', true);
    END LOOP;
END
$body$
