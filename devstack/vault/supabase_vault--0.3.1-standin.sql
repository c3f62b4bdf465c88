-- A stand-in of Supabase Vault 0.3.1 for development and tests: its table, view, functions and privileges, without its
-- library. It encrypts with pgcrypto (which must be in the schema extensions), with a root key that only the server
-- reads, from a file in its data folder that the dev stack writes. Nothing secret belongs in it.
\echo Use "CREATE EXTENSION supabase_vault" to load this file. \quit

-- Runs with the rights of who calls it, so that the key stays in the server's file even if EXECUTE is given away.
CREATE FUNCTION vault._standin_key(purpose text, key_id bigint, context bytea) RETURNS bytea
    LANGUAGE plpgsql STABLE SET search_path = ''
AS $$
BEGIN
    IF key_id IS NULL THEN
        RAISE data_exception USING MESSAGE = 'key id cannot be NULL';
    ELSIF context IS NULL THEN
        RAISE data_exception USING MESSAGE = 'key context cannot be NULL';
    ELSIF octet_length(context) <> 8 THEN
        RAISE data_exception USING MESSAGE = 'context must be 8 bytes';
    END IF;
    RETURN extensions.hmac(
        int8send(key_id) || context || convert_to(purpose, 'utf8'),
        decode(pg_read_file('supabase_vault.key'), 'hex'),
        'sha256'
    );
END
$$;

-- What binds message, associated data and nonce together: lengths first, so that no byte can change sides.
CREATE FUNCTION vault._standin_tag(message bytea, additional bytea, nonce bytea, key bytea) RETURNS bytea
    LANGUAGE plpgsql IMMUTABLE SET search_path = ''
AS $$
DECLARE
    bound bytea := coalesce(additional, '');
    once bytea := coalesce(nonce, '');
BEGIN
    IF message IS NULL THEN
        RAISE data_exception USING MESSAGE = 'message cannot be NULL';
    ELSIF octet_length(nonce) <> 16 THEN
        RAISE data_exception USING MESSAGE = 'invalid nonce';
    END IF;
    RETURN extensions.hmac(
        int8send(octet_length(bound)) || bound || int8send(octet_length(once)) || once || message, key, 'sha256'
    );
END
$$;

-- As there, encryption is deterministic: the tag of 32 bytes stands first and is the cipher's initial vector too.
CREATE FUNCTION vault._crypto_aead_det_encrypt(
    message bytea, additional bytea, key_id bigint, context bytea DEFAULT 'pgsodium', nonce bytea DEFAULT NULL
) RETURNS bytea
    LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    tag bytea := vault._standin_tag(message, additional, nonce, vault._standin_key('tag', key_id, context));
BEGIN
    RETURN tag || extensions.encrypt_iv(
        message, vault._standin_key('cipher', key_id, context), substr(tag, 1, 16), 'aes-cbc/pad:pkcs'
    );
END
$$;

CREATE FUNCTION vault._crypto_aead_det_decrypt(
    message bytea, additional bytea, key_id bigint, context bytea DEFAULT 'pgsodium', nonce bytea DEFAULT NULL
) RETURNS bytea
    LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    cipher_key bytea := vault._standin_key('cipher', key_id, context);
    tag_key bytea := vault._standin_key('tag', key_id, context);
    tag bytea := substr(message, 1, 32);
    opened bytea;
BEGIN
    IF octet_length(message) < 32 THEN
        RAISE data_exception USING MESSAGE = 'invalid message';
    END IF;
    BEGIN
        opened := extensions.decrypt_iv(substr(message, 33), cipher_key, substr(tag, 1, 16), 'aes-cbc/pad:pkcs');
        IF vault._standin_tag(opened, additional, nonce, tag_key) = tag THEN
            RETURN opened;
        END IF;
    EXCEPTION
        WHEN external_routine_invocation_exception THEN NULL; -- a length or a padding that pgcrypto refuses
    END;
    RAISE data_exception USING MESSAGE = 'invalid ciphertext';
END
$$;

CREATE FUNCTION vault._crypto_aead_det_noncegen() RETURNS bytea
    LANGUAGE sql VOLATILE SET search_path = ''
AS $$
    SELECT extensions.gen_random_bytes(16)
$$;

CREATE TABLE vault.secrets (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text,
    description text NOT NULL DEFAULT '',
    secret text NOT NULL,
    key_id uuid,
    nonce bytea DEFAULT vault._crypto_aead_det_noncegen(),
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE UNIQUE INDEX secrets_name_idx ON vault.secrets (name) WHERE name IS NOT NULL;

SELECT pg_catalog.pg_extension_config_dump('vault.secrets', '');

CREATE VIEW vault.decrypted_secrets AS
SELECT id,
       name,
       description,
       secret,
       convert_from(
           vault._crypto_aead_det_decrypt(
               message => decode(secret, 'base64'),
               additional => convert_to(id::text, 'utf8'),
               key_id => 0,
               context => 'pgsodium',
               nonce => nonce
           ),
           'utf8'
       ) AS decrypted_secret,
       key_id,
       nonce,
       created_at,
       updated_at
  FROM vault.secrets;

-- The column's text for a clear one; NULL for NULL.
CREATE FUNCTION vault._standin_sealed(clear text, id uuid, nonce bytea) RETURNS text
    LANGUAGE sql VOLATILE SET search_path = ''
AS $$
    SELECT CASE
        WHEN clear IS NOT NULL THEN encode(
            vault._crypto_aead_det_encrypt(
                message => convert_to(clear, 'utf8'),
                additional => convert_to(id::text, 'utf8'),
                key_id => 0,
                context => 'pgsodium',
                nonce => nonce
            ),
            'base64'
        )
    END
$$;

CREATE FUNCTION vault.create_secret(
    new_secret text, new_name text DEFAULT NULL, new_description text DEFAULT '', new_key_id uuid DEFAULT NULL
) RETURNS uuid
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    new_id uuid := gen_random_uuid();
    new_nonce bytea := vault._crypto_aead_det_noncegen();
BEGIN
    INSERT INTO vault.secrets (id, name, description, secret, nonce)
    VALUES (new_id, new_name, new_description, vault._standin_sealed(new_secret, new_id, new_nonce), new_nonce);
    RETURN new_id;
END
$$;

CREATE FUNCTION vault.update_secret(
    secret_id uuid,
    new_secret text DEFAULT NULL,
    new_name text DEFAULT NULL,
    new_description text DEFAULT NULL,
    new_key_id uuid DEFAULT NULL
) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = ''
AS $$
BEGIN
    -- As there, what cannot be decrypted cannot be updated.
    PERFORM decrypted_secret FROM vault.decrypted_secrets WHERE id = secret_id;
    UPDATE vault.secrets AS old
       SET secret = coalesce(vault._standin_sealed(new_secret, old.id, old.nonce), old.secret),
           name = coalesce(new_name, old.name),
           description = coalesce(new_description, old.description),
           updated_at = now()
     WHERE old.id = secret_id;
END
$$;

REVOKE ALL ON FUNCTION
    vault._standin_key,
    vault._standin_tag,
    vault._standin_sealed,
    vault._crypto_aead_det_encrypt,
    vault._crypto_aead_det_decrypt,
    vault._crypto_aead_det_noncegen,
    vault.create_secret,
    vault.update_secret
FROM PUBLIC;
