-- sign_cron_request signs a request with the current value of a key and, within its grace, with the previous one.
-- Called by: the commands of jobs and of alerts whose request has auth.hmac, and the statements of probes that sign
--   with another key than the one under test (declaration/command.py); a job's own SQL may call it
-- Locks: none
-- Raises: nothing of its own; get_secret raises no_data_found, sign_cron_request_with invalid_parameter_value
CREATE OR REPLACE FUNCTION {schema}.sign_cron_request(p_key text, p_method text, p_url text, p_body jsonb)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    -- Within its grace the previous value signs too, so that a receiver that knows either accepts; one that is too
    -- short to sign with must not stop the new one.
    secrets text[] := ARRAY[{schema}.get_secret(p_key)] || ARRAY(
        SELECT previous.value
        FROM (
            SELECT {schema}.cron_secret_value(s.value) AS value
            FROM {schema}.cron_secret_stages AS s
            WHERE s.key = p_key AND s.stage = 'previous' AND s.expires_at > now()
        ) AS previous
        WHERE octet_length(previous.value) >= 32
    );
BEGIN
    RETURN {schema}.sign_cron_request_with(secrets, p_method, p_url, p_body);
END
$body$
