CREATE OR REPLACE FUNCTION {schema}.cron_zone()
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $body$
-- The zone that pg_cron reads schedules in. Before 1.5 it knows no such setting and one of that name is a placeholder,
-- which pg_settings leaves out; a setting that our role may not see it leaves out as well, where current_setting() raises.
SELECT coalesce((SELECT s.setting FROM pg_settings AS s WHERE s.name = 'cron.timezone'), 'GMT')
$body$
