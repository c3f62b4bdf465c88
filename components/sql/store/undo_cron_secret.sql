-- undo_cron_secret replaces the current value of a secret by the previous one.
-- Called by: cronctl rotate --undo; roles with EXECUTE (resource Grants)
-- Locks: the row of the key in cron_secret_declarations (FOR UPDATE)
-- Raises: object_in_use where a rotation is pending; no_data_found where there is no previous value; settle_cron_secret
--   and guard_cron_address raise the rest
CREATE OR REPLACE FUNCTION {schema}.undo_cron_secret(p_key text)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET debug_print_parse = off
SET debug_print_rewritten = off
SET debug_print_plan = off
AS $body$
-- Make the previous value current again, at once and without a probe: it was current before. Not to be undone in turn,
-- so that a second undo cannot bring the bad value back.
DECLARE
    previous text;
    its_version int;
BEGIN
    PERFORM {schema}.settle_cron_secret(p_key); -- raises for a key that nobody declares; forgets what has expired
    PERFORM FROM {schema}.cron_secret_declarations AS d WHERE d.key = p_key FOR UPDATE;
    IF EXISTS (SELECT FROM {schema}.cron_secret_stages AS s WHERE s.key = p_key AND s.stage = 'pending') THEN
        RAISE EXCEPTION 'another rotation of cron secret % waits for the answer to its probe', quote_literal(p_key)
            USING ERRCODE = 'object_in_use', HINT = 'Try again when it has ended.';
    END IF;
    SELECT {schema}.cron_secret_value(s.value), s.version INTO previous, its_version
    FROM {schema}.cron_secret_stages AS s WHERE s.key = p_key AND s.stage = 'previous';
    IF previous IS NULL THEN
        RAISE EXCEPTION 'cron secret % has no previous value to go back to', quote_literal(p_key)
            USING ERRCODE = 'no_data_found', HINT = 'It was never rotated, its grace time is over, or it was undone.';
    END IF;
    PERFORM {schema}.guard_cron_address(p_key, previous);
    UPDATE {schema}.cron_secrets AS s
    SET value = previous, version = coalesce(its_version, s.version), updated_at = clock_timestamp(), rotation = NULL
    WHERE s.key = p_key;
    DELETE FROM {schema}.cron_secret_stages AS s WHERE s.key = p_key AND s.stage = 'previous';
    INSERT INTO {schema}.cron_secret_audit (key, action) VALUES (p_key, 'undone');
END
$body$
