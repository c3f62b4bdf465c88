-- cron_secret_under_test returns the pending value of a secret, or the made-up value where one is given.
-- Called by: the statements of probes (declaration/command.py), which settle_cron_secret executes
-- Locks: none
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.cron_secret_under_test(p_key text, p_made_up text)
RETURNS text
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- What a probe sends as a secret: the value that is pending, or a made-up one in its place.
BEGIN
    RETURN coalesce(p_made_up, (
        SELECT {schema}.cron_secret_value(s.value)
        FROM {schema}.cron_secret_stages AS s WHERE s.key = p_key AND s.stage = 'pending'
    ));
END
$body$
