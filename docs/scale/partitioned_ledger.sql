-- Partition the run ledger, so that old runs go with the DROP of a table instead of a DELETE.
--
-- Run it once after the first `pulumi up`, as the login that deploys, with jobs running or not:
--     psql "$SUPABASE_CRON_DATABASE_URL" --set ON_ERROR_STOP=1 --file docs/scale/partitioned_ledger.sql
-- and have a job call cron_partitions.keep() every hour (docs/scale.md). No row is copied: the table as it is becomes the
-- first partition. Where the stack's schema is not public, write its name for public.
--
-- The ledger finds runs by their number, and numbers grow with time. So that is the key: each run is looked for in one
-- partition, and the primary key stays what it was, which a key of time would not allow.
BEGIN;
SET LOCAL lock_timeout = '5s';
SET LOCAL search_path = '';

-- A schema that only its owner may use, and where Supabase's default privileges for public do not reach.
CREATE SCHEMA cron_partitions;

CREATE FUNCTION cron_partitions.keep(days int, size bigint DEFAULT 1000000)
RETURNS void
LANGUAGE plpgsql
SET search_path = ''
SET lock_timeout = '5s'
AS $body$
-- Have a whole partition ready for the next runs, and drop those whose newest runs ended more than so many days ago.
DECLARE
    newest bigint := (SELECT s.last_value FROM public.cron_runs_run_seq AS s);
    below bigint;
    partition record;
    name text;
    old boolean;
BEGIN
    LOOP
        SELECT max(p.below) INTO below FROM cron_partitions.partitions AS p;
        EXIT WHEN below > newest + size;
        name := format('cron_partitions.cron_runs_below_%s', below + size);
        EXECUTE format('CREATE TABLE %s (LIKE public.cron_runs INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY nobody ON %s USING (false) WITH CHECK (false)', name);
        EXECUTE format( -- runs that had no partition yet
            'WITH early AS (DELETE FROM cron_partitions.cron_runs_rest WHERE run >= %s AND run < %s RETURNING *) '
            'INSERT INTO %s SELECT * FROM early', below, below + size, name
        );
        EXECUTE format(
            'ALTER TABLE public.cron_runs ATTACH PARTITION %s FOR VALUES FROM (%s) TO (%s)', name, below, below + size
        );
    END LOOP;
    FOR partition IN SELECT p.* FROM cron_partitions.partitions AS p WHERE p.below <= newest ORDER BY p.below LOOP
        EXECUTE format(
            'SELECT coalesce(bool_and(coalesce(r.settled_at, ''infinity'') < now() - $1), true) '
            'FROM (SELECT settled_at FROM %s ORDER BY run DESC LIMIT 1000) AS r', partition.name
        ) INTO old USING make_interval(days => days);
        IF old THEN
            EXECUTE format('DROP TABLE %s', partition.name);
        END IF;
    END LOOP;
END
$body$;
REVOKE ALL ON FUNCTION cron_partitions.keep FROM PUBLIC;

DO $convert$
DECLARE
    size CONSTANT bigint := 1000000;
    mark text := obj_description('public.cron_runs'::regclass, 'pg_class');
    history text := pg_get_viewdef('public.cron_run_history'::regclass);
    history_mark text := obj_description('public.cron_run_history'::regclass, 'pg_class');
    next_run bigint;
    below bigint;
    first text;
BEGIN
    LOCK TABLE public.cron_runs IN ACCESS EXCLUSIVE MODE;
    next_run := nextval('public.cron_runs_run_seq');
    below := (next_run / size + 1) * size;
    first := format('cron_runs_below_%s', below);
    DROP VIEW public.cron_run_history; -- it would follow the table to its new name
    ALTER TABLE public.cron_runs ALTER run DROP IDENTITY;
    ALTER TABLE public.cron_runs SET SCHEMA cron_partitions;
    EXECUTE format('ALTER TABLE cron_partitions.cron_runs RENAME TO %I', first);

    -- The indexes are those of components/sql/ledger/ledger_tables.sql, by name: so the first partition brings its own along,
    -- and `pulumi up` makes none.
    EXECUTE format(
        'CREATE TABLE public.cron_runs (LIKE cron_partitions.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS, '
        'CONSTRAINT cron_runs_pkey PRIMARY KEY (run)) PARTITION BY RANGE (run)', first
    );
    CREATE UNIQUE INDEX cron_runs_of_job ON public.cron_runs (job, fired_at, run) INCLUDE (state);
    CREATE UNIQUE INDEX cron_runs_bad ON public.cron_runs (run)
        WHERE state IN ('failed', 'timed_out', 'lost', 'exhausted');
    CREATE UNIQUE INDEX cron_runs_open ON public.cron_runs (run)
        WHERE state IN ('queued', 'sent', 'retrying');
    CREATE UNIQUE INDEX cron_runs_runid ON public.cron_runs (runid, run) WHERE runid IS NOT NULL;
    EXECUTE format('ALTER TABLE public.cron_runs ALTER run ADD GENERATED ALWAYS AS IDENTITY (START %s)', next_run);
    EXECUTE format(
        'ALTER TABLE public.cron_runs ATTACH PARTITION cron_partitions.%I FOR VALUES FROM (MINVALUE) TO (%s)', first, below
    );
    -- Should there be no partition for a run, it is kept here: a job must not fail for want of one.
    CREATE TABLE cron_partitions.cron_runs_rest PARTITION OF public.cron_runs DEFAULT;
    ALTER TABLE cron_partitions.cron_runs_rest ENABLE ROW LEVEL SECURITY;
    CREATE POLICY nobody ON cron_partitions.cron_runs_rest USING (false) WITH CHECK (false);

    -- Marked and shut as before, in the transaction that makes them.
    EXECUTE format('CREATE VIEW public.cron_run_history WITH (security_invoker = true) AS %s', history);
    EXECUTE format('COMMENT ON VIEW public.cron_run_history IS %L', history_mark);
    EXECUTE format('COMMENT ON TABLE public.cron_runs IS %L', mark);
    REVOKE ALL ON public.cron_runs, public.cron_run_history FROM PUBLIC, anon, authenticated, service_role;
    REVOKE ALL ON SEQUENCE public.cron_runs_run_seq FROM PUBLIC, anon, authenticated, service_role;
    ALTER TABLE public.cron_runs ENABLE ROW LEVEL SECURITY;
    CREATE POLICY nobody ON public.cron_runs USING (false) WITH CHECK (false);
END
$convert$;

-- The partitions, each by the run that is the first of the next one. By name, since `pulumi destroy` could not drop a
-- table that a view refers to.
CREATE VIEW cron_partitions.partitions AS
SELECT i.inhrelid::regclass::text AS name, substring(c.relname FROM '\d+$')::bigint AS below
FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
WHERE i.inhparent = to_regclass('public.cron_runs') AND c.relname ~ '^cron_runs_below_\d+$';

SELECT cron_partitions.keep(days => 30);
COMMIT;
