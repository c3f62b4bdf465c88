-- cron_zone returns the value of cron.timezone, or GMT where it is unknown.
-- Called by: begin_cron_run, cron_last_due_within, cron_job_is_silent
-- Locks: none
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.cron_zone()
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $body$
-- The zone that pg_cron reads schedules in; GMT where our role may not see it, as current_setting() would raise. Before 1.5
-- pg_cron knows no such setting, and one of that name is a placeholder, which pg_settings leaves out; it is slow, and so
-- asked where nothing else tells.
SELECT CASE
    WHEN NOT pg_has_role('pg_read_all_settings', 'USAGE') THEN 'GMT'
    WHEN coalesce(nullif(current_setting('cron.timezone', true), ''), 'GMT') = 'GMT' THEN 'GMT'
    WHEN EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'pg_cron' AND e.extversion !~ '^1\.[0-4]\M')
        THEN current_setting('cron.timezone')
    ELSE coalesce((SELECT s.setting FROM pg_settings AS s WHERE s.name = 'cron.timezone'), 'GMT')
END
$body$
