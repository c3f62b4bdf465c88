-- Bring values that Vault keeps back into the table, if there are any, and take them out of Vault.
DO $move$
DECLARE
    moved record;
    clear text;
BEGIN
    FOR moved IN SELECT t.ctid, t.value FROM {schema}.{table} AS t WHERE t.value ~ '^vault:[0-9a-f-]{{36}}$' FOR UPDATE LOOP
        clear := {schema}.cron_secret_value(moved.value);
        IF clear IS NOT NULL THEN
            UPDATE {schema}.{table} SET value = clear WHERE ctid = moved.ctid;
            DELETE FROM vault.secrets WHERE id = substr(moved.value, 7)::uuid;
        END IF;
    END LOOP;
END
$move$
