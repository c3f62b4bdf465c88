-- cron_jwt_expiry reads the time in the claim exp of a JWT.
-- Called by: cron_secret_expiries
-- Locks: none
-- Raises: nothing: it catches every error and returns NULL
CREATE OR REPLACE FUNCTION {schema}.cron_jwt_expiry(p_token text)
RETURNS timestamptz
LANGUAGE plpgsql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET debug_print_parse = off
SET debug_print_rewritten = off
SET debug_print_plan = off
AS $body$
-- When a JWT expires by its claim exp (RFC 7519, section 4.1.4); NULL of what says no such time or is none.
DECLARE
    claims text := translate(split_part(p_token, '.', 2), '-_', '+/');
BEGIN
    RETURN to_timestamp((convert_from(
        decode(rpad(claims, (length(claims) + 3) / 4 * 4, '='), 'base64'), 'UTF8'
    )::jsonb ->> 'exp')::float);
EXCEPTION
    WHEN OTHERS THEN
        RETURN NULL;
END
$body$
