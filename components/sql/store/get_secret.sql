-- get_secret returns the current value of a secret.
-- Called by: sign_cron_request; the commands of jobs and of alerts, and the statements of probes, that read a secret
--   (declaration/command.py); a job's own SQL may call it
-- Locks: none
-- Raises: no_data_found where the key is unknown, or where its value is empty, a placeholder or gone from Vault;
--   data_exception where Vault cannot decrypt it
CREATE OR REPLACE FUNCTION {schema}.get_secret(key text)
RETURNS text
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    stored text;
    kept_as text;
BEGIN
    SELECT s.value INTO stored FROM {schema}.cron_secrets AS s WHERE s.key = get_secret.key;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'cron secret % is unknown', quote_literal(get_secret.key)
            USING ERRCODE = 'no_data_found', HINT = 'Declare it in jobs.yaml and run pulumi up.';
    END IF;
    kept_as := stored;
    stored := {schema}.cron_secret_value(stored);
    IF stored IS NULL THEN
        PERFORM FROM vault.secrets AS v WHERE v.id = substr(kept_as, 7)::uuid;
        IF FOUND THEN
            RAISE EXCEPTION 'cron secret % cannot be decrypted by Vault: invalid ciphertext', quote_literal(get_secret.key)
                USING ERRCODE = 'data_exception', HINT = 'Set it again: run pulumi up, or cronctl rotate.';
        END IF;
    END IF;
    IF stored IS NULL OR stored = '' OR stored ILIKE 'placeholder%' THEN
        RAISE EXCEPTION 'cron secret % is not set', quote_literal(get_secret.key)
            USING ERRCODE = 'no_data_found', HINT = 'Set it with pulumi config set --secret and run pulumi up.';
    END IF;
    RETURN stored;
END
$body$
