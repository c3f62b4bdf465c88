-- cron_secret_to_vault moves a value into Vault, keeps a reference in the row, and deletes what the reference replaces.
-- Called by: the triggers cron_secret_to_vault (BEFORE INSERT OR UPDATE OF value OR DELETE ON cron_secrets and ON
--   cron_secret_stages), which the resource SecretStore makes where Vault keeps the values
-- Locks: none beyond the rows that it writes, those of vault.secrets among them
-- Raises: object_not_in_prerequisite_state where a session that is no member of the owner has temporary types or tables
CREATE OR REPLACE FUNCTION {schema}.cron_secret_to_vault()
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
    -- unique in Vault: the schema, the table, the key and, of a value on its way, the stage
    vault_name text := concat_ws('.', TG_TABLE_SCHEMA, TG_TABLE_NAME, coalesce(NEW.key, OLD.key),
                                 to_jsonb(coalesce(NEW, OLD)) ->> 'stage');
BEGIN
    -- A trigger, so that every way to write a value goes this way: a rotation, an UPDATE by hand, a row that is added.
    IF TG_OP <> 'DELETE' AND NEW.value ~ '^vault:[0-9a-f-]{{36}}$' THEN
        RETURN NEW;
    END IF;
    -- What follows runs functions of Vault's own: whoever comes here without being the owner brings no types along.
    IF NOT pg_has_role(session_user, current_user, 'MEMBER')
        AND EXISTS (SELECT FROM pg_type AS t WHERE t.typnamespace = pg_my_temp_schema())
    THEN
        RAISE EXCEPTION 'a session with temporary tables or types cannot change a secret that Vault keeps'
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Try again in a new session.';
    END IF;
    DELETE FROM vault.secrets AS v WHERE v.name = vault_name;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    NEW.value := 'vault:' || vault.create_secret(NEW.value, vault_name, 'A value of supabase-cron; see the table.');
    RETURN NEW;
END
$body$
