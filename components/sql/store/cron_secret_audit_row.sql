-- cron_secret_audit_row inserts a row into cron_secret_audit for each change of a secret.
-- Called by: the trigger cron_secret_audit (AFTER INSERT OR UPDATE OR DELETE ON cron_secrets), which the resource
--   SecretStore makes
-- Locks: none beyond the row that it writes
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.cron_secret_audit_row()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    done text;
    rotation uuid;
BEGIN
    -- A trigger, so that every way to change a secret leaves its row: pulumi, the rotation function, an UPDATE by hand.
    CASE TG_OP
        WHEN 'INSERT' THEN
            done := 'created';
            rotation := NEW.rotation;
        WHEN 'DELETE' THEN
            done := 'deleted';
        ELSE
            rotation := CASE WHEN NEW.rotation IS DISTINCT FROM OLD.rotation THEN NEW.rotation END;
            done := CASE
                WHEN NEW.value IS NOT DISTINCT FROM OLD.value AND NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at
                    THEN 'described'
                WHEN NEW.value IS DISTINCT FROM OLD.value
                    AND {schema}.cron_secret_value(NEW.value) = {schema}.cron_secret_value(OLD.value)
                    THEN 'moved'
                ELSE 'rotated'
            END;
    END CASE;
    INSERT INTO {schema}.cron_secret_audit (key, action, rotation, version)
    VALUES (
        CASE WHEN TG_OP = 'DELETE' THEN OLD.key ELSE NEW.key END,
        done,
        rotation,
        CASE WHEN TG_OP = 'DELETE' THEN OLD.version ELSE NEW.version END
    );
    RETURN NULL;
END
$body$
