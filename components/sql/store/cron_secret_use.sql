-- cron_secret_use counts by version the runs that were sent with a secret and are open, and returns the last of each.
-- Called by: cronctl rotate, once the value has changed; roles with EXECUTE (resource Grants)
-- Locks: none
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.cron_secret_use(p_key text)
RETURNS TABLE (version int, is_current boolean, on_the_way bigint, run bigint, job text, fired_at timestamptz, state text)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET debug_print_parse = off
SET debug_print_rewritten = off
SET debug_print_plan = off
AS $body$
-- The current value of a secret and those that runs of the ledger were sent with, newest first: how many such runs are on
-- their way, and the last one. For whoever rotates, before the old value is revoked where it is checked.
#variable_conflict use_column
BEGIN
    IF to_regclass(format('%I.cron_runs', {schema_name})) IS NULL THEN
        RETURN; -- a store without jobs
    END IF;
    RETURN QUERY
    WITH used AS (
        SELECT
            (r.secrets ->> p_key)::int AS version,
            count(*) FILTER (WHERE r.state IN ('queued', 'sent')) AS on_the_way,
            max(r.run) AS last
        FROM {schema}.cron_runs AS r WHERE r.secrets ? p_key GROUP BY 1
    )
    SELECT
        coalesce(used.version, c.version), c.version IS NOT NULL, coalesce(used.on_the_way, 0),
        last.run, last.job, last.fired_at, last.state
    FROM used
    FULL JOIN (SELECT s.version FROM {schema}.cron_secrets AS s WHERE s.key = p_key) AS c ON c.version = used.version
    LEFT JOIN {schema}.cron_runs AS last ON last.run = used.last
    ORDER BY 1 DESC;
END
$body$
