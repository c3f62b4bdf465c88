-- cron_secret_value returns a stored value in clear: as it stands in the table, or decrypted by Vault.
-- Called by: get_secret, sign_cron_request, stage_cron_secret, settle_cron_secret, undo_cron_secret,
--   cron_secret_pattern, cron_secret_under_test, cron_secret_expiries, cron_secret_counter, cron_secret_audit_row; the
--   resources Secret (sql/catalog/secrets.sql) and SecretStore (sql/store/secrets_from_vault.sql)
-- Locks: none
-- Raises: nothing of its own, where there is Vault: what is gone from it, or what it cannot decrypt, is NULL
CREATE OR REPLACE FUNCTION {schema}.cron_secret_value(stored text)
RETURNS text
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
    IF stored !~ '^vault:[0-9a-f-]{{36}}$' THEN
        RETURN stored;
    END IF;
    -- NULL where somebody deleted it from Vault, or where Vault cannot decrypt it, as after a restore into another project,
    -- which has another key. An error would stop whoever sets it again, and what concerns other secrets.
    BEGIN
        RETURN (SELECT v.decrypted_secret FROM vault.decrypted_secrets AS v WHERE v.id = substr(stored, 7)::uuid);
    EXCEPTION
        WHEN data_exception THEN
            RETURN NULL;
    END;
END
$body$
