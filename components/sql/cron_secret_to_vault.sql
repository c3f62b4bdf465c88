CREATE OR REPLACE FUNCTION {schema}.cron_secret_to_vault()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = ''
AS $body$
DECLARE
    -- unique in Vault: the schema, the table, the key and, of a value on its way, the stage
    vault_name text := concat_ws('.', TG_TABLE_SCHEMA, TG_TABLE_NAME, coalesce(NEW.key, OLD.key),
                                 to_jsonb(coalesce(NEW, OLD)) ->> 'stage');
BEGIN
    -- A trigger, so that every way to write a value goes this way: a rotation, an UPDATE by hand, a row that is added.
    IF TG_OP <> 'DELETE' AND NEW.value ~ '^vault:[0-9a-f-]{{36}}$' THEN
        RETURN NEW;
    END IF;
    DELETE FROM vault.secrets AS v WHERE v.name = vault_name;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    NEW.value := 'vault:' || vault.create_secret(NEW.value, vault_name, 'A value of supabase-cron; see the table.');
    RETURN NEW;
END
$body$
