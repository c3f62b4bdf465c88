-- cron_secret_expiries returns the expiry of each current secret of the format jwt.
-- Called by: cronctl doctor, cronctl status (security/secret_expiry.py)
-- Locks: none
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.cron_secret_expiries()
RETURNS TABLE (key text, expires_at timestamptz)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- When the JWTs expire that jobs send now.
SELECT s.key, known.expires_at
FROM {schema}.cron_secrets AS s
JOIN {schema}.cron_secret_declarations AS d ON d.key = s.key AND d.format = 'jwt'
CROSS JOIN LATERAL {schema}.cron_jwt_expiry({schema}.cron_secret_value(s.value)) AS known (expires_at)
WHERE isfinite(known.expires_at)
ORDER BY s.key
$body$
