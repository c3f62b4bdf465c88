-- cron_request_signature computes the signature of a request with one key, in hexadecimal.
-- Called by: sign_cron_request_with
-- Locks: none
-- Raises: invalid_parameter_value where the method, the target or the id holds a control character
CREATE OR REPLACE FUNCTION {schema}.cron_request_signature(
    p_secret text, p_method text, p_target text, p_timestamp bigint, p_id text, p_body bytea
)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
    -- The parts stand on lines of their own, so a line break in one could pass for another.
    IF p_method ~ '[[:cntrl:]]' OR p_target ~ '[[:cntrl:]]' OR p_id ~ '[[:cntrl:]]' THEN
        RAISE EXCEPTION 'the method, target or id of a request to sign holds a line break or another control character'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN encode(
        {schema}.cron_hmac_sha256(
            convert_to(p_secret, 'UTF8'),
            convert_to(
                E'v1\n' || p_method || E'\n' || p_target || E'\n' || p_timestamp || E'\n' || p_id || E'\n', 'UTF8'
            ) || p_body
        ),
        'hex'
    );
END
$body$
