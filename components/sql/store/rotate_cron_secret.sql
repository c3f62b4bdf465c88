-- rotate_cron_secret gives a secret a new value, on behalf of a caller who does not own the store.
-- Called by: cronctl rotate as a role that cannot write to cron_secret_stages; roles with EXECUTE (resource Grants)
-- Locks: none beyond the row that it writes; stage_cron_secret locks the row of cron_secret_declarations
-- Raises: invalid_parameter_value where the value is NULL or a reference to Vault; stage_cron_secret raises the rest
CREATE OR REPLACE FUNCTION {schema}.rotate_cron_secret(p_key text, p_value text)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET debug_print_parse = off
SET debug_print_rewritten = off
SET debug_print_plan = off
AS $body$
BEGIN
    -- A reference would be followed, to any secret in Vault, on behalf of somebody who may read none.
    IF p_value IS NULL OR p_value ~ '^vault:[0-9a-f-]{{36}}$' THEN
        RAISE EXCEPTION 'the new value of cron secret % is %', quote_nullable(p_key),
            CASE WHEN p_value IS NULL THEN 'empty' ELSE 'a reference to Vault' END
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    INSERT INTO {schema}.cron_secret_stages (key, stage, value) VALUES (coalesce(p_key, ''), 'given', p_value);
    PERFORM {schema}.stage_cron_secret(coalesce(p_key, ''));
    IF EXISTS (SELECT FROM {schema}.cron_secret_stages AS s WHERE s.key = p_key AND s.stage = 'pending') THEN
        RAISE NOTICE 'the new value of cron secret % is pending until its probe has answered', quote_literal(p_key)
            USING HINT = format('Ask with: SELECT * FROM %I.settle_cron_secret(%L)', {schema_name}, p_key);
    END IF;
END
$body$
