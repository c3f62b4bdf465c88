CREATE OR REPLACE FUNCTION {schema}.cron_day_is_within(p_day date, p_from text, p_to text)
RETURNS boolean
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $body$
-- Both bounds count. They are dates (2026-09-01), days of the year (09-01) or of the month (25, and -1 for the last);
-- where the first comes after the second, the days go over the end of the year or month.
SELECT CASE WHEN low <= high THEN today BETWEEN low AND high ELSE today >= low OR today <= high END
FROM (
    SELECT min(key) FILTER (WHERE place = 1) AS low, min(key) FILTER (WHERE place = 2) AS high
    FROM unnest(ARRAY[p_from, p_to]) WITH ORDINALITY AS b (bound, place),
        LATERAL (SELECT extract(day FROM date_trunc('month', p_day) + interval '1 month - 1 day')::int AS last) AS month,
        LATERAL (SELECT CASE
            WHEN bound ~ '^-\d+$' THEN lpad((last + 1 + bound::int)::text, 2, '0')
            WHEN bound ~ '^\d+$' THEN lpad(bound, 2, '0')
            ELSE bound
        END AS key) AS keys
) AS bounds, LATERAL (SELECT right(to_char(p_day, 'YYYY-MM-DD'), length(low)) AS today) AS present
$body$
