-- What the linter would say about the extensions that we need.
SELECT '0014' AS lint, 'extension_in_public' AS title, e.extname::text AS object
FROM pg_catalog.pg_extension AS e
JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
WHERE e.extname = ANY ({extensions}) AND n.nspname = 'public'
UNION ALL
SELECT '0022', 'extension_versions_outdated', a.name::text
FROM pg_catalog.pg_available_extensions AS a
WHERE a.name = ANY ({extensions}) AND a.installed_version <> a.default_version
ORDER BY 1, 3
