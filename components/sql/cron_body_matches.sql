CREATE OR REPLACE FUNCTION {schema}.cron_body_matches(p_body text, p_predicate text)
RETURNS boolean
LANGUAGE plpgsql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
    RETURN coalesce(jsonb_path_match(p_body::jsonb, p_predicate::jsonpath, silent => true), false);
EXCEPTION
    WHEN OTHERS THEN -- the body is no JSON, or none that jsonb can hold, or that the predicate can compare
        RETURN false;
END
$body$
