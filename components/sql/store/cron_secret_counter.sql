-- cron_secret_counter numbers the values of a key: a new value gets the next version.
-- Called by: the trigger cron_secret_counter (BEFORE INSERT OR UPDATE OF value ON cron_secrets), which the resource
--   SecretStore makes
-- Locks: none beyond the row that is written
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.cron_secret_counter()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET debug_print_parse = off
SET debug_print_rewritten = off
SET debug_print_plan = off
AS $body$
DECLARE
    latest int := 0;
BEGIN
    -- A trigger, so that every way to change a value counts on; whoever undoes names the version that comes back. What
    -- was deleted or undone counts, too, or a run that was sent with it would seem to have been sent with another value.
    IF TG_OP = 'UPDATE' THEN
        IF NEW.version <> OLD.version
            OR {schema}.cron_secret_value(NEW.value) IS NOT DISTINCT FROM {schema}.cron_secret_value(OLD.value)
        THEN
            RETURN NEW;
        END IF;
        latest := OLD.version;
    END IF;
    NEW.version := 1 + greatest(
        latest, (SELECT max(a.version) FROM {schema}.cron_secret_audit AS a WHERE a.key = NEW.key)
    );
    RETURN NEW;
END
$body$
