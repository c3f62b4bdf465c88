-- By which clock pg_cron reads schedules. Its own settings are left out of pg_settings where our role may not see them.
SELECT
    e.extversion AS version,
    (SELECT s.setting FROM pg_catalog.pg_settings AS s WHERE s.name = 'cron.timezone') AS zone,
    EXISTS (SELECT FROM pg_catalog.pg_settings AS s WHERE s.name = 'cron.launch_active_jobs') AS is_of_1_6,
    pg_has_role('pg_read_all_settings', 'USAGE') AS sees_settings,
    CASE WHEN e.extversion ~ '^1\.[0-4]\M' THEN nullif(current_setting('cron.timezone', true), '') END AS placeholder
FROM pg_catalog.pg_extension AS e
WHERE e.extname = 'pg_cron'
