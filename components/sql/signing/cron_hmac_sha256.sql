-- cron_hmac_sha256 computes the HMAC-SHA-256 of a message.
-- Called by: cron_request_signature
-- Locks: none
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.cron_hmac_sha256(p_key bytea, p_message bytea)
RETURNS bytea
LANGUAGE plpgsql -- whose plans a session keeps; a function in SQL would be planned anew in each transaction
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    -- RFC 2104 with the server's own sha256, so that no extension is needed. A cast to bit(512) fills the block of 64
    -- bytes with zeros, # is XOR, and bit_send gives the bytes back behind four that hold the length.
    block bit(512) := ('x' || encode(CASE WHEN length(p_key) > 64 THEN sha256(p_key) ELSE p_key END, 'hex'))::bit(512);
BEGIN
    RETURN sha256(
        substr(bit_send(block # ('x' || repeat('5c', 64))::bit(512)), 5)
        || sha256(substr(bit_send(block # ('x' || repeat('36', 64))::bit(512)), 5) || p_message)
    );
END
$body$
