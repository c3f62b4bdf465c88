-- record_cron_sweep stores in cron_sweeps when a step of a sweep ended or why it failed.
-- Called by: sweep_cron_runs, sweep_cron_catch_up
-- Locks: none beyond the row that it writes
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.record_cron_sweep(p_step text, p_failure text)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- p_failure says why a step of a sweep failed, and is NULL where it did not. That a step went well once more is written
-- every nine minutes, so before sweep_cron_runs counts it as due.
BEGIN
    IF p_failure IS NULL AND EXISTS (
        SELECT FROM {schema}.cron_sweeps AS s
        WHERE s.step = p_step AND s.ended_at > coalesce(s.failed_at, '-infinity')
          AND s.ended_at BETWEEN clock_timestamp() - interval '9 minutes' AND clock_timestamp()
    ) THEN
        RETURN;
    END IF;
    INSERT INTO {schema}.cron_sweeps AS s (step, ended_at, failed_at, detail)
    SELECT
        p_step,
        CASE WHEN p_failure IS NULL THEN clock_timestamp() END,
        CASE WHEN p_failure IS NOT NULL THEN clock_timestamp() END,
        CASE WHEN p_failure IS NOT NULL
            THEN {schema}.mask_cron_secrets(p_failure, (SELECT {schema}.cron_secret_pattern()), 500) END
    ON CONFLICT (step) DO UPDATE
    SET ended_at = coalesce(excluded.ended_at, s.ended_at),
        failed_at = coalesce(excluded.failed_at, s.failed_at),
        detail = coalesce(excluded.detail, s.detail);
END
$body$
