-- The tables of the run ledger. Safe to run again: this is also the way from one version of the project to the next.
CREATE TABLE IF NOT EXISTS {schema}.cron_runs (
    run bigint NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job text NOT NULL,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN (
        'queued', 'sent', 'ok', 'failed', 'timed_out', 'lost', 'skipped', 'retrying', 'exhausted'
    )),
    fired_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    settled_at timestamptz,
    request bigint, -- pg_net's id, unique only until the next crash; NULL for a job that sends none
    pid int DEFAULT pg_backend_pid(),
    runid bigint, -- of cron.job_run_details, found by the sweep: pg_cron writes the pid down only after it sent us
    sent_at timestamptz, -- when pg_net took the round in which it was sent
    milliseconds int, -- from there to the answer, where something tells it
    status_code int,
    detail text,
    response text, -- a bounded piece, with the secrets' values taken out
    source text NOT NULL DEFAULT 'schedule' CHECK (source IN ('schedule', 'manual', 'catch_up', 'first_run')),
    attempt int NOT NULL DEFAULT 1,
    policy jsonb, -- policy.py: overlap, retry; kept here, since it must survive a crash
    retry_at timestamptz, -- of a run that is retrying
    earlier text[], -- what came of the attempts before
    idempotency uuid, -- the same for each attempt
    due_at timestamptz, -- that it makes up for, where its source is catch_up
    secrets jsonb, -- it was sent with, by key the value's version
    milliseconds_at_most int -- where nothing tells how many: until the answer was seen
);
-- From the first versions of this ledger, which had none of these.
ALTER TABLE {schema}.cron_runs
    ADD COLUMN IF NOT EXISTS source text NOT NULL DEFAULT 'schedule'
        CHECK (source IN ('schedule', 'manual', 'catch_up', 'first_run')),
    ADD COLUMN IF NOT EXISTS attempt int NOT NULL DEFAULT 1,
    ADD COLUMN IF NOT EXISTS policy jsonb,
    ADD COLUMN IF NOT EXISTS retry_at timestamptz,
    ADD COLUMN IF NOT EXISTS earlier text[],
    ADD COLUMN IF NOT EXISTS idempotency uuid,
    ADD COLUMN IF NOT EXISTS due_at timestamptz,
    ADD COLUMN IF NOT EXISTS secrets jsonb,
    ADD COLUMN IF NOT EXISTS milliseconds_at_most int;
-- Newest first is by run for all jobs and by fired_at for one: with one order for both, the planner would look for a rare
-- job's runs among everybody's. Unique though run alone is: so they count as constraints for lint 0005 (unused_index).
CREATE UNIQUE INDEX IF NOT EXISTS cron_runs_of_job ON {schema}.cron_runs (job, fired_at, run) INCLUDE (state);
CREATE UNIQUE INDEX IF NOT EXISTS cron_runs_bad ON {schema}.cron_runs (run)
    WHERE state IN ('failed', 'timed_out', 'lost', 'exhausted');
CREATE UNIQUE INDEX IF NOT EXISTS cron_runs_open ON {schema}.cron_runs (run)
    WHERE state IN ('queued', 'sent', 'retrying');
CREATE UNIQUE INDEX IF NOT EXISTS cron_runs_runid ON {schema}.cron_runs (runid, run) WHERE runid IS NOT NULL;

-- The requests that are on their way, and how their answers are judged. Unlogged, as pg_net's queue and responses are:
-- after a crash all three are empty and request ids start again at 1, so no answer is ever taken for another run's.
CREATE UNLOGGED TABLE IF NOT EXISTS {schema}.cron_run_requests (
    request bigint NOT NULL,
    run bigint NOT NULL,
    rule jsonb NOT NULL, -- command.py: timeout (seconds), status (multirange), body (jsonpath), redirects, secrets
    queue oid NOT NULL DEFAULT coalesce(to_regclass('net.http_request_queue'), 0), -- pg_net's that counts the requests
    PRIMARY KEY (request, queue)
);
ALTER TABLE {schema}.cron_run_requests
    ADD COLUMN IF NOT EXISTS queue oid NOT NULL DEFAULT coalesce(to_regclass('net.http_request_queue'), 0);
DO $do$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_index WHERE indrelid = {requests}::regclass AND indisprimary AND indnatts = 2) THEN
        ALTER TABLE {schema}.cron_run_requests
            DROP CONSTRAINT IF EXISTS cron_run_requests_pkey, ADD PRIMARY KEY (request, queue);
    END IF;
END $do$;

-- When each step of the sweeps last came to its end, and when and why it last failed.
CREATE TABLE IF NOT EXISTS {schema}.cron_sweeps (
    step text NOT NULL PRIMARY KEY,
    ended_at timestamptz,
    failed_at timestamptz,
    detail text
);

-- The jobs of this stack as they are meant to be: written by the resource of each that makes, changes or removes it, and
-- by the sweep for those that it finds without. What is not so any more, somebody did by hand.
CREATE TABLE IF NOT EXISTS {schema}.cron_job_declarations (
    job text NOT NULL PRIMARY KEY,
    schedule text NOT NULL,
    active boolean NOT NULL,
    command bytea NOT NULL, -- the SHA-256 of it
    since timestamptz NOT NULL DEFAULT now()
);

-- What one session at a time may do. Rows, and no advisory locks: any login could hold those, and so stop it for good.
-- Who looks puts his row there; those of the sweep are there from the first, since who puts one there has others wait.
CREATE UNLOGGED TABLE IF NOT EXISTS {schema}.cron_locks (
    name text NOT NULL PRIMARY KEY
);
INSERT INTO {schema}.cron_locks (name) VALUES ('settle_cron_runs'), ('watch_cron_jobs') ON CONFLICT DO NOTHING;

-- Since when each job is watched: what was due before its schedule was set or it was resumed was not missed.
CREATE TABLE IF NOT EXISTS {schema}.cron_watched_jobs (
    job text NOT NULL PRIMARY KEY,
    schedule text NOT NULL,
    active boolean NOT NULL,
    since timestamptz NOT NULL DEFAULT now()
);

-- What each alert last knew of each job, and the run of the ledger that carried the message.
CREATE TABLE IF NOT EXISTS {schema}.cron_alerts (
    alert text NOT NULL,
    job text NOT NULL,
    condition text NOT NULL CHECK (condition IN ('ok', 'failed', 'exhausted', 'silent')),
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    event text, -- what is to be told, NULL where nothing is
    message text,
    run bigint, -- that it is about
    sent bigint, -- the run that carried it
    attempts int NOT NULL DEFAULT 0,
    PRIMARY KEY (alert, job)
);
