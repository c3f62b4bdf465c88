-- cron_secret_pattern builds a regular expression from the secrets' values, for mask_cron_secrets.
-- Called by: record_cron_sweep, retry_cron_runs, catch_up_cron_runs, settle_cron_runs, settle_cron_job_runs; cronctl
--   trigger (sql/runs/record_manual_run.sql)
-- Locks: none
-- Raises: nothing: an expression that the server refuses becomes .+
CREATE OR REPLACE FUNCTION {schema}.cron_secret_pattern()
RETURNS text
LANGUAGE plpgsql
VOLATILE -- and so never computed while a statement is planned, which would make the values part of its plan
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET debug_print_parse = off
SET debug_print_rewritten = off
SET debug_print_plan = off
AS $body$
-- A regular expression for every value that a secret has, had or may get, the longest first; NULL where there is none.
DECLARE
    pattern text;
BEGIN
    pattern := (
        SELECT string_agg(regexp_replace(v.value, '([!$()*+.:<=>?[\\\]^{{|}}-])', '\\\1', 'g'), '|' ORDER BY length(v.value) DESC)
        FROM (
            SELECT {schema}.cron_secret_value(s.value) AS value FROM {schema}.cron_secrets AS s
            UNION
            SELECT {schema}.cron_secret_value(s.value) FROM {schema}.cron_secret_stages AS s
        ) AS v
        WHERE length(v.value) >= 6
    );
    PERFORM '' ~ pattern;
    RETURN pattern;
EXCEPTION
    WHEN OTHERS THEN -- such as too many long ones: then nothing is kept
        RETURN '.+';
END
$body$
