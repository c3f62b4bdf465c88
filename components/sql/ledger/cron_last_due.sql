-- cron_last_due computes the last time at which a schedule was due in an interval, in the zone p_zone.
-- Called by: begin_cron_run, cron_last_due_within, cron_job_is_silent
-- Locks: none
-- Raises: nothing of its own; set_config raises invalid_parameter_value where the server knows no zone p_zone
CREATE OR REPLACE FUNCTION {schema}.cron_last_due(
    p_schedule text, p_after timestamptz, p_until timestamptz, p_zone text
)
RETURNS timestamptz
LANGUAGE plpgsql
STABLE
STRICT
SET search_path = pg_catalog, pg_temp
SET TimeZone = 'GMT'
AS $body$
-- When pg_cron last was to run a schedule of five fields, after p_after and not after p_until; NULL if never, or if it
-- is no such schedule. Goes back through real time and looks at the wall clock, as pg_cron goes forward: a wall time
-- that a clock change skips is never met, and one that it repeats is met twice; $ is when in 24 hours it is the 1st. The
-- wall clock is the session's, which is set to p_zone meanwhile: see cron_wall_time.
DECLARE
    -- pg_cron skips blanks, empty lines and comments before a schedule, and does not read on after it.
    written CONSTANT text := regexp_replace(
        regexp_replace(p_schedule, '^([ \t\n]|#[^\n]*\n)+', ''), '[ \t]*(\n.*)?$', ''
    );
    fields CONSTANT text[] := regexp_split_to_array(
        CASE written
            WHEN '@hourly' THEN '0 * * * *'
            WHEN '@daily' THEN '0 0 * * *'
            WHEN '@midnight' THEN '0 0 * * *'
            WHEN '@weekly' THEN '0 0 * * 0'
            WHEN '@monthly' THEN '0 0 1 * *'
            ELSE written
        END,
        '[ \t]+'
    );
    last_day CONSTANT boolean := fields[3] = '$';
    needs_both CONSTANT boolean := '*' IN (left(fields[3], 1), left(fields[5], 1));
    minutes CONSTANT integer[] := {schema}.cron_schedule_field(fields[1], 0, 59, '{{}}');
    hours CONSTANT integer[] := {schema}.cron_schedule_field(fields[2], 0, 23, '{{}}');
    days CONSTANT integer[] := CASE WHEN last_day
        THEN '{{}}'
        ELSE {schema}.cron_schedule_field(fields[3], 1, 31, '{{}}') END;
    months CONSTANT integer[] := {schema}.cron_schedule_field(
        fields[4], 1, 12, '{{jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec}}'
    );
    weekdays CONSTANT integer[] := array_replace(
        {schema}.cron_schedule_field(fields[5], 0, 7, '{{sun,mon,tue,wed,thu,fri,sat}}'), 7, 0
    );
    -- 29 February falls on a given weekday every 28 years, but for 40 around 2100; nothing that ever runs is rarer.
    since CONSTANT timestamptz := greatest(p_after, p_until - make_interval(hours => 40 * 366 * 24));
    due timestamptz;
    wall timestamp;
    tomorrow timestamp;
    of_month boolean;
    of_week boolean;
    leap interval;
BEGIN
    IF octet_length(p_schedule) > 999 OR cardinality(fields) <> 5 OR num_nulls(minutes, hours, days, months, weekdays) > 0 THEN
        RETURN NULL;
    END IF;
    PERFORM set_config('TimeZone', p_zone, true);
    due := date_trunc('minute', p_until);
    WHILE due > since LOOP
        wall := due::timestamp;
        tomorrow := CASE WHEN last_day THEN (due + interval '24 hours')::timestamp ELSE wall END;
        of_week := extract(dow FROM wall)::integer = ANY (weekdays);
        of_month := CASE WHEN last_day
            THEN extract(day FROM tomorrow) = 1
            ELSE extract(day FROM wall)::integer = ANY (days) END;
        -- Back to where the day or the hour that does not match began.
        leap := CASE
            WHEN extract(month FROM wall)::integer <> ALL (months) THEN wall - date_trunc('day', wall)
            WHEN NOT CASE WHEN needs_both THEN of_month AND of_week ELSE of_month OR of_week END
                THEN least(wall - date_trunc('day', wall), tomorrow - date_trunc('day', tomorrow))
            WHEN extract(hour FROM wall)::integer <> ALL (hours) THEN wall - date_trunc('hour', wall)
            WHEN extract(minute FROM wall)::integer <> ALL (minutes) THEN interval '0'
        END;
        IF leap IS NULL THEN
            RETURN due;
        END IF;
        WHILE (due - leap)::timestamp <> wall - leap -- the clock was changed meanwhile, or will be a day later
          OR last_day AND (due - leap + interval '24 hours')::timestamp <> tomorrow - leap
        LOOP
            leap := date_trunc('minute', leap / 2);
        END LOOP;
        due := due - leap - interval '1 minute';
    END LOOP;
    RETURN NULL;
END
$body$
