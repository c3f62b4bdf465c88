CREATE OR REPLACE FUNCTION {schema}.rotate_cron_secret(p_key text, p_value text)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = ''
AS $body$
BEGIN
    IF p_value IS NULL OR btrim(p_value) = '' THEN
        RAISE EXCEPTION 'the new value of cron secret % is empty', quote_nullable(p_key)
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF p_value <> btrim(p_value) OR p_value ~ '[[:cntrl:]]' THEN
        RAISE EXCEPTION 'the new value of cron secret % has blanks around it or control characters', quote_nullable(p_key)
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    UPDATE {schema}.cron_secrets SET value = p_value, updated_at = clock_timestamp() WHERE key = p_key;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'cron secret % is unknown', quote_nullable(p_key)
            USING ERRCODE = 'no_data_found', HINT = 'Declare it in jobs.yaml and run pulumi up.';
    END IF;
END
$body$
