-- Each role with LOGIN, superusers apart, that can read pg_net's queue or answers by a privilege of its own.
SELECT r.rolname::text AS login, array_agg(format('%I.%I', n.nspname, c.relname) ORDER BY c.relname DESC) AS tables
FROM pg_catalog.pg_roles AS r
CROSS JOIN pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE r.rolcanlogin AND NOT r.rolsuper AND n.nspname = 'net' AND c.relname IN ('http_request_queue', '_http_response')
  AND has_schema_privilege(r.oid, n.oid, 'USAGE') AND has_any_column_privilege(r.oid, c.oid, 'SELECT')
  AND (NOT c.relrowsecurity OR r.rolbypassrls)
GROUP BY r.rolname
ORDER BY r.rolname
