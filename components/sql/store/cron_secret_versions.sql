-- cron_secret_versions returns the versions of the given keys' current values.
-- Called by: the commands of jobs and of alerts whose request reads secrets (declaration/command.py)
-- Locks: none
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.cron_secret_versions(p_keys text[])
RETURNS jsonb
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- Which values get_secret() gives now, for the rule of a request that is sent with them. Stable, so that both see the
-- rows that the statement began with; sign_cron_request, which is volatile, may see a value that is newer by a moment.
SELECT jsonb_build_object('secrets', coalesce(jsonb_object_agg(s.key, s.version), '{{}}'))
FROM {schema}.cron_secrets AS s WHERE s.key = ANY (p_keys)
$body$
