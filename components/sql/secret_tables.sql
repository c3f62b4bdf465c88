-- The tables of the secret store. Safe to run again: this is also the way from one version of the project to the next,
-- and from the source document's hand-made table to ours.
CREATE TABLE IF NOT EXISTS {schema}.cron_secrets (
    key text NOT NULL PRIMARY KEY,
    value text NOT NULL,
    description text,
    updated_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE {schema}.cron_secrets
    ADD COLUMN IF NOT EXISTS description text,
    ADD COLUMN IF NOT EXISTS updated_at timestamptz NOT NULL DEFAULT now();
CREATE UNIQUE INDEX IF NOT EXISTS cron_secrets_key_unique ON {schema}.cron_secrets (key);

-- Which stack declares a key; a key without an owner was put there by hand.
CREATE TABLE IF NOT EXISTS {schema}.cron_secret_owners (
    key text NOT NULL PRIMARY KEY,
    owner text NOT NULL
);

-- Who did what to which key and when; never a value or anything derived from one.
CREATE TABLE IF NOT EXISTS {schema}.cron_secret_audit (
    id uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY, -- not a sequence, which would need a lock of its own
    key text NOT NULL,
    action text NOT NULL CHECK (action IN ('created', 'rotated', 'described', 'deleted')),
    session_role text NOT NULL DEFAULT session_user,
    active_role text NOT NULL DEFAULT current_setting('role'),
    application text NOT NULL DEFAULT current_setting('application_name'),
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS cron_secret_audit_key ON {schema}.cron_secret_audit (key, at);
