-- sign_cron_request_with signs a request with each of the given keys and returns the value of the header.
-- Called by: sign_cron_request, and the statements of probes that sign with the key under test (declaration/command.py)
-- Locks: none
-- Raises: invalid_parameter_value where the url or the method cannot be signed, or where a key is missing or shorter
--   than 32 bytes
CREATE OR REPLACE FUNCTION {schema}.sign_cron_request_with(p_secrets text[], p_method text, p_url text, p_body jsonb)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    parts text[] := regexp_match(p_url, '^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]+([^?#]*)([?][^#]*)?');
    path text := CASE WHEN parts[1] = '' THEN '/' ELSE parts[1] END;
    query text := coalesce(parts[2], '');
    moment bigint := floor(extract(epoch FROM clock_timestamp()));
    id text := gen_random_uuid();
    -- The bytes as pg_net stores and sends them.
    body bytea := coalesce(convert_to(p_body::text, 'UTF8'), '');
    signatures text := '';
    secret text;
BEGIN
    -- No message here shows the url, which may hold a secret.
    IF parts IS NULL THEN
        RAISE EXCEPTION 'the url of a request to sign is not a web address' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF p_method IS NULL OR p_method !~ '^[A-Z]+$' THEN
        RAISE EXCEPTION 'the method of a request to sign must be upper-case letters, such as POST'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF path ~* '/([.]|%2e)([.]|%2e)?(/|$)' THEN
        RAISE EXCEPTION 'the path of a request to sign has a . or .. step, which is taken out before it is sent'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Write the url without it.';
    END IF;
    IF path !~ '^([A-Za-z0-9._~!$&''()*+,;=:@/-]|%[0-9A-F][0-9A-F])*$'
        OR query !~ '^([?]([A-Za-z0-9._~!$&()*+,;=:@/?-]|%[0-9A-F][0-9A-F])+)?$'
    THEN
        RAISE EXCEPTION 'the path or query of a request to sign holds what may change on its way'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Write other characters than letters, digits and /-._~!$&()*+,;=:@ as %XX, in upper case.';
    END IF;
    -- No key at all is one that is missing.
    FOREACH secret IN ARRAY coalesce(nullif(p_secrets, '{{}}'), ARRAY[NULL::text]) LOOP
        IF secret IS NULL OR octet_length(secret) < 32 THEN
            RAISE EXCEPTION 'a key to sign with is missing or shorter than 32 bytes'
                USING ERRCODE = 'invalid_parameter_value', HINT = 'Make one with: openssl rand -hex 32';
        END IF;
        signatures := signatures || ',v1='
            || {schema}.cron_request_signature(secret, p_method, path || query, moment, id, body);
    END LOOP;
    RETURN 't=' || moment || ',id=' || id || signatures;
END
$body$
