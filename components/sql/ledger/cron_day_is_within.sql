-- cron_day_is_within returns whether a day lies between the two bounds of active_between.
-- Called by: begin_cron_run, cron_last_due_within
-- Locks: none
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.cron_day_is_within(p_day date, p_from text, p_to text)
RETURNS boolean
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $body$
-- Both bounds count. They are dates (2026-09-01), days of the year (09-01) or of the month (25, and -1 for the last). Where
-- the first comes after the second in the shortest and in the longest month, the days go over the end of the year or
-- month; where it does so in a short month alone (29 to -1), that month has none.
SELECT CASE
    WHEN low[3] <= high[3] THEN today BETWEEN low[3] AND high[3]
    ELSE low[1] > high[1] AND low[2] > high[2] AND (today >= low[3] OR today <= high[3])
END
FROM (
    SELECT
        array_agg(key ORDER BY n) FILTER (WHERE place = 1) AS low,
        array_agg(key ORDER BY n) FILTER (WHERE place = 2) AS high
    FROM unnest(ARRAY[
            28, 31, extract(day FROM date_trunc('month', p_day) + interval '1 month - 1 day')::int
        ]) WITH ORDINALITY AS months (length, n),
        unnest(ARRAY[p_from, p_to]) WITH ORDINALITY AS bounds (bound, place),
        LATERAL (SELECT CASE
            WHEN bound ~ '^-[0-9]+$' THEN lpad((length + 1 + bound::int)::text, 2, '0')
            WHEN bound ~ '^[0-9]+$' THEN lpad(bound, 2, '0')
            ELSE bound
        END AS key) AS keys
) AS resolved, LATERAL (SELECT right(to_char(p_day, 'YYYY-MM-DD'), length(low[3])) AS today) AS present
$body$
