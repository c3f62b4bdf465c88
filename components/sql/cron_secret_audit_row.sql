CREATE OR REPLACE FUNCTION {schema}.cron_secret_audit_row()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = ''
AS $body$
BEGIN
    -- A trigger, so that every way to change a secret leaves its row: pulumi, the rotation function, an UPDATE by hand.
    INSERT INTO {schema}.cron_secret_audit (key, action)
    VALUES (
        CASE WHEN TG_OP = 'DELETE' THEN OLD.key ELSE NEW.key END,
        CASE TG_OP
            WHEN 'INSERT' THEN 'created'
            WHEN 'DELETE' THEN 'deleted'
            ELSE CASE
                WHEN NEW.value IS NOT DISTINCT FROM OLD.value AND NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at
                THEN 'described'
                ELSE 'rotated'
            END
        END
    );
    RETURN NULL;
END
$body$
