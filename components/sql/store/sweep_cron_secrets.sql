-- sweep_cron_secrets calls settle_cron_secret for each key that has a value in a stage, and returns what failed.
-- Called by: sweep_cron_runs
-- Locks: the rows of these keys in cron_secret_declarations (FOR UPDATE SKIP LOCKED)
-- Raises: nothing of its own; the errors of keys are returned
CREATE OR REPLACE FUNCTION {schema}.sweep_cron_secrets()
RETURNS text
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- Take the rotations to their end that nobody waits for, each key in a block of its own. Why one fails is told without its
-- text, which may quote a value.
DECLARE
    rotated text;
    failure text;
BEGIN
    FOR rotated IN SELECT DISTINCT s.key FROM {schema}.cron_secret_stages AS s ORDER BY 1 LOOP
        BEGIN
            -- whoever rotates one key, and does not end, does not keep the others waiting
            PERFORM FROM {schema}.cron_secret_declarations AS d WHERE d.key = rotated FOR UPDATE SKIP LOCKED;
            IF FOUND THEN
                PERFORM {schema}.settle_cron_secret(rotated);
            END IF;
        EXCEPTION WHEN OTHERS THEN
            failure := concat_ws('; ', failure, format('secret %s (SQLSTATE %s)', quote_literal(rotated), SQLSTATE));
        END;
    END LOOP;
    RETURN failure;
END
$body$
