-- The tables of the secret store. Safe to run again: this is also the way from one version of the project to the next,
-- and from the source document's hand-made table to ours.
CREATE TABLE IF NOT EXISTS {schema}.cron_secrets (
    key text NOT NULL PRIMARY KEY,
    value text NOT NULL, -- in clear, or where Vault keeps it: vault:<id>
    description text,
    updated_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE {schema}.cron_secrets
    ADD COLUMN IF NOT EXISTS description text,
    ADD COLUMN IF NOT EXISTS updated_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN IF NOT EXISTS rotation uuid, -- the one that made the value current; an UPDATE by hand leaves it
    ADD COLUMN IF NOT EXISTS version int NOT NULL DEFAULT 1; -- of the value: one more with each that the key ever had
DROP INDEX IF EXISTS {schema}.cron_secrets_key_unique; -- of the first version; the primary key does
DO $do$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_index WHERE indrelid = {secrets}::regclass AND indisprimary) THEN
        ALTER TABLE {schema}.cron_secrets ADD PRIMARY KEY (key);
    END IF;
END $do$;

-- Which stack declares a key, and how a new value is tried; a key without a declaration was put there by hand.
ALTER TABLE IF EXISTS {schema}.cron_secret_owners RENAME TO cron_secret_declarations;
CREATE TABLE IF NOT EXISTS {schema}.cron_secret_declarations (
    key text NOT NULL PRIMARY KEY,
    owner text NOT NULL
);
ALTER TABLE {schema}.cron_secret_declarations
    ADD COLUMN IF NOT EXISTS description text,
    ADD COLUMN IF NOT EXISTS format text NOT NULL DEFAULT 'token',
    ADD COLUMN IF NOT EXISTS min_bytes int NOT NULL DEFAULT 1,
    ADD COLUMN IF NOT EXISTS grace interval NOT NULL DEFAULT '1 day', -- how long a replaced value is kept
    ADD COLUMN IF NOT EXISTS probe jsonb -- components/objects/secret.py: ProbeArgs
        CHECK (jsonb_typeof(probe) = 'object' AND coalesce(probe ->> 'body', '$')::jsonpath IS NOT NULL),
    ADD COLUMN IF NOT EXISTS hosts text[]; -- of an address: where those who rotate may move it
-- In earlier versions a probe's statement was given the value as its parameter.
UPDATE {schema}.cron_secret_declarations AS d
SET probe = jsonb_set(d.probe, '{{request}}', to_jsonb(replace(
    d.probe ->> 'request', '$1::text', format('%s.cron_secret_under_test(%L, $1::text)', {schema_text}, d.key)
)))
WHERE position('cron_secret_under_test' IN d.probe ->> 'request') = 0;

-- Values on their way: given (inside one transaction), pending (its probe has not answered yet), previous.
CREATE TABLE IF NOT EXISTS {schema}.cron_secret_stages (
    key text NOT NULL,
    stage text NOT NULL CHECK (stage IN ('given', 'pending', 'previous')),
    value text NOT NULL,
    rotation uuid,
    expires_at timestamptz,
    PRIMARY KEY (key, stage)
);
ALTER TABLE {schema}.cron_secret_stages
    ADD COLUMN IF NOT EXISTS version int; -- that a previous value had while it was current

-- The requests that try pending values. Unlogged, as pg_net's queue and responses are: after a crash all three are empty
-- and request ids start again at 1, so an answer to somebody else's request is never taken for ours.
CREATE UNLOGGED TABLE IF NOT EXISTS {schema}.cron_secret_probes (
    rotation uuid NOT NULL PRIMARY KEY,
    request bigint NOT NULL,
    control bigint,
    sent_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    queue oid NOT NULL DEFAULT coalesce(to_regclass('net.http_request_queue'), 0) -- pg_net's that counts the requests
);
ALTER TABLE {schema}.cron_secret_probes
    ADD COLUMN IF NOT EXISTS queue oid NOT NULL DEFAULT coalesce(to_regclass('net.http_request_queue'), 0);

-- Who did what to which key and when; never a value or anything derived from one.
CREATE TABLE IF NOT EXISTS {schema}.cron_secret_audit (
    id uuid NOT NULL DEFAULT gen_random_uuid(), -- not a sequence, which would need a lock of its own
    key text NOT NULL,
    action text NOT NULL,
    session_role text NOT NULL DEFAULT session_user,
    active_role text NOT NULL DEFAULT current_setting('role'),
    application text NOT NULL DEFAULT current_setting('application_name'),
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
ALTER TABLE {schema}.cron_secret_audit
    DROP CONSTRAINT IF EXISTS cron_secret_audit_action_check, -- of the first version, which knew fewer actions
    ADD COLUMN IF NOT EXISTS rotation uuid,
    ADD COLUMN IF NOT EXISTS detail text,
    ADD COLUMN IF NOT EXISTS version int;
DROP INDEX IF EXISTS {schema}.cron_secret_audit_key; -- of the first version
DO $do$ BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_index WHERE indrelid = {audit}::regclass AND indisprimary AND indnatts = 3
    ) THEN
        ALTER TABLE {schema}.cron_secret_audit
            DROP CONSTRAINT IF EXISTS cron_secret_audit_pkey, ADD PRIMARY KEY (key, at, id);
    END IF;
END $do$;
