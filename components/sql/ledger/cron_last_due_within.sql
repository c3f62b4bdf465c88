-- cron_last_due_within computes the last time at which a schedule was due on a day that active_between allows.
-- Called by: catch_up_cron_runs
-- Locks: none
-- Raises: nothing of its own; an error with the schedule makes it return NULL
CREATE OR REPLACE FUNCTION {schema}.cron_last_due_within(
    p_schedule text, p_after timestamptz, p_until timestamptz, p_from text, p_to text
)
RETURNS timestamptz
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $body$
-- When pg_cron last was to run a schedule on one of the days from p_from to p_to, on any day without them; after p_after
-- and not after p_until.
DECLARE
    zone CONSTANT text := {schema}.cron_zone();
    due timestamptz;
    wall timestamp;
BEGIN
    due := {schema}.cron_last_due(p_schedule, p_after, p_until, zone);
    WHILE due IS NOT NULL LOOP
        wall := {schema}.cron_wall_time(due, zone);
        EXIT WHEN {schema}.cron_day_is_within(wall::date, p_from, p_to) IS NOT FALSE;
        -- Back to the first hours of that day, and from there one by one: the clock may have been changed meanwhile.
        due := {schema}.cron_last_due(
            p_schedule, p_after,
            due - greatest(wall - date_trunc('day', wall) - interval '3 hours', interval '1 minute'), zone
        );
    END LOOP;
    RETURN due;
EXCEPTION
    WHEN OTHERS THEN -- a schedule that pg_cron alone understands: nobody can tell when it was due
        RETURN NULL;
END
$body$
