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
        IF parts IS NULL OR first < p_low OR first > last OR last > p_high OR step = 0 THEN
            RETURN NULL;
        END IF;
        found := found || ARRAY(SELECT generate_series(first, last, step));
    END LOOP;
    RETURN found;
END
$body$
