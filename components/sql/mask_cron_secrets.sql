CREATE OR REPLACE FUNCTION {schema}.mask_cron_secrets(p_text text, p_pattern text, p_length int)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $body$
-- The first p_length characters of a text with the secrets' values taken out. Cut first, a part of a value that stands
-- where it is cut would be no value any more, and remain: so as much as a value can be long is left out at the end.
DECLARE
    reach CONSTANT int := 2 * {max_bytes};
    masked text := regexp_replace(left(p_text, reach), coalesce(p_pattern, '(?!)'), '***', 'g');
BEGIN
    IF length(p_text) > reach AND p_pattern IS NOT NULL THEN
        masked := left(masked, greatest(0, length(masked) - (
            SELECT max(length(each.value))::int FROM regexp_split_to_table(p_pattern, '(?<!\\)[|]') AS each (value)
        )));
    END IF;
    RETURN left(masked, p_length);
END
$body$
