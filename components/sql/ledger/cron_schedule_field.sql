-- cron_schedule_field parses one field of a schedule into an array of integers.
-- Called by: cron_last_due
-- Locks: none
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.cron_schedule_field(p_field text, p_low integer, p_high integer, p_names text[])
RETURNS integer[]
LANGUAGE plpgsql
IMMUTABLE
STRICT
SET search_path = pg_catalog, pg_temp
AS $body$
-- The values of one field of a schedule, in no order; NULL where it is not understood. The first of the names is p_low.
-- A range over the end of its unit is read where pg_cron reads all of it: it fills bytes of eight values, from the first
-- value to the end of its byte and from the beginning of the last value's.
DECLARE
    number CONSTANT text := '0*[0-9]{{1,9}}';
    word CONSTANT text := array_to_string(array_prepend(number, p_names), '|');
    form CONSTANT text := format('^(?:\*|(%1$s)(?:-(%1$s)|(?!/)))(?:/(%2$s))?$', word, number);
    found integer[] := '{{}}';
    item text;
    parts text[];
    first integer;
    last integer;
    step integer;
BEGIN
    FOREACH item IN ARRAY string_to_array(lower(p_field COLLATE "C"), ',') LOOP
        parts := regexp_match(item, form);
        first := coalesce(array_position(p_names, parts[1]) + p_low - 1, parts[1]::integer, p_low);
        last := coalesce(
            array_position(p_names, parts[2]) + p_low - 1,
            parts[2]::integer,
            CASE WHEN parts[1] IS NULL THEN p_high ELSE first END
        );
        step := coalesce(parts[3]::integer, 1);
        IF parts IS NULL OR least(first, last) < p_low OR greatest(first, last) > p_high OR step = 0
          OR first > last AND (
            step > 1 OR p_high - p_low < 8 OR last - p_low > 7 OR first - p_low < (p_high - p_low) / 8 * 8
          )
        THEN
            RETURN NULL;
        END IF;
        found := found || ARRAY(
            SELECT generate_series(first, CASE WHEN first > last THEN p_high ELSE last END, step)
            UNION ALL SELECT generate_series(p_low, last) WHERE first > last
        );
    END LOOP;
    RETURN found;
END
$body$
