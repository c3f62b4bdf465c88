-- cron_wall_time converts a timestamptz into the local time of a zone.
-- Called by: begin_cron_run, cron_last_due_within
-- Locks: none
-- Raises: nothing of its own; set_config raises invalid_parameter_value where the server knows no zone p_zone
CREATE OR REPLACE FUNCTION {schema}.cron_wall_time(p_at timestamptz, p_zone text)
RETURNS timestamp
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET TimeZone = 'GMT'
AS $body$
-- What a clock of the zone shows, as pg_cron reads the zone's name: AT TIME ZONE would take CET for an abbreviation,
-- which knows no summer time. The session's zone is its own again afterwards.
BEGIN
    PERFORM set_config('TimeZone', p_zone, true);
    RETURN p_at::timestamp;
END
$body$
