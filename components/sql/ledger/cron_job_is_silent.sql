-- cron_job_is_silent returns whether a job missed two times at which it was due.
-- Called by: take_cron_alerts
-- Locks: none
-- Raises: nothing of its own; an error with the schedule makes it return false
CREATE OR REPLACE FUNCTION {schema}.cron_job_is_silent(p_schedule text, p_since timestamptz, p_fired_at timestamptz)
RETURNS boolean
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- Whether a job that is watched since p_since was due twice since it last fired. As with what is made up for, the last
-- 90 seconds are left to pg_cron.
DECLARE
    last timestamptz := greatest(p_since, p_fired_at);
    seconds int := substring(p_schedule FROM '(?i)^\s*\+?0*([0-9]{{1,2}})\s*seconds?\s*$')::int;
    until timestamptz := now() - interval '90 seconds';
    zone text := {schema}.cron_zone();
BEGIN
    IF last > until THEN
        RETURN false;
    ELSIF seconds IS NOT NULL THEN
        RETURN last < until - 2 * seconds * interval '1 second';
    END IF;
    last := last + interval '2 seconds'; -- a clock that is set right between the minute and the run
    until := {schema}.cron_last_due(p_schedule, last, until, zone);
    RETURN {schema}.cron_last_due(p_schedule, last, until - interval '1 second', zone) IS NOT NULL;
EXCEPTION
    WHEN OTHERS THEN -- somebody gave it a schedule that pg_cron alone understands: nobody can tell when it is due
        RETURN false;
END
$body$
