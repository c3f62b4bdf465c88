-- mask_cron_secrets replaces the values of secrets in a text by *** and cuts the text at p_length characters.
-- Called by: record_cron_sweep, retry_cron_runs, catch_up_cron_runs, settle_cron_runs, settle_cron_job_runs; cronctl
--   trigger (sql/runs/record_manual_run.sql); the resource RunLedger (sql/ledger/mend_cron_runs.sql)
-- Locks: none
-- Raises: nothing: it catches every error and returns NULL
CREATE OR REPLACE FUNCTION {schema}.mask_cron_secrets(p_text text, p_pattern text, p_length int)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $body$
-- The first p_length characters of a text with the secrets' values taken out, and NULL where that cannot be done. Cut first,
-- a part of a value that stands where it is cut would be no value any more, and remain: so as much as a value can be long is
-- left out at the end. Bytes that are no text become one, and the values likewise.
DECLARE
    reach CONSTANT int := 2 * {max_bytes};
    given text := p_text;
    pattern text := p_pattern;
    masked text;
BEGIN
    BEGIN
        PERFORM convert_to(given, 'UTF8'); -- fails where it is none
    EXCEPTION
        WHEN OTHERS THEN
            given := {schema}.cron_ascii_text(given);
            pattern := regexp_replace(pattern, '[^\u0001-\u007f]+', '[?]', 'g');
    END;
    masked := regexp_replace(left(given, reach), coalesce(pattern, '(?!)'), '***', 'g');
    IF length(given) > reach AND pattern IS NOT NULL THEN
        masked := left(masked, greatest(0, length(masked) - (
            SELECT max(length(each.value))::int FROM regexp_split_to_table(pattern, '(?<!\\)[|]') AS each (value)
        )));
    END IF;
    RETURN left(masked, p_length);
EXCEPTION
    WHEN OTHERS THEN
        RETURN NULL;
END
$body$
