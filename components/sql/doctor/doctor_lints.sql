-- What Supabase's database linter would say about our tables, views and functions: one row a lint and object. Exposed
-- schemas are read where PostgREST's own login has them set, since our session does not.
WITH exposed AS (
    SELECT trim(both ' "' FROM schema) AS name
    FROM string_to_table(coalesce((
        SELECT substr(setting, length('pgrst.db_schemas=') + 1)
        FROM pg_catalog.pg_db_role_setting AS s
        LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole
        LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase
        CROSS JOIN unnest(s.setconfig) AS setting
        WHERE setting LIKE 'pgrst.db\_schemas=%'
          AND (s.setrole = 0 OR r.rolname = 'authenticator') AND (s.setdatabase = 0 OR d.datname = current_database())
        ORDER BY s.setrole <> 0 DESC, s.setdatabase <> 0 DESC
        LIMIT 1
    ), 'public,graphql_public'), ',') AS schema
),
api AS (
    SELECT oid, rolname FROM pg_catalog.pg_roles WHERE rolname IN ('anon', 'authenticated')
),
relations AS (
    SELECT c.oid, c.relkind, c.relrowsecurity AS secured, c.reloptions, format('%I.%I', n.nspname, c.relname) AS name,
           n.nspname IN (SELECT e.name FROM exposed AS e) AS is_exposed,
           EXISTS (SELECT FROM api AS a WHERE has_table_privilege(a.oid, c.oid, 'SELECT')) AS is_readable,
           EXISTS (SELECT FROM pg_catalog.pg_policy AS p WHERE p.polrelid = c.oid) AS has_policy
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = {schema} AND c.relkind IN ('r', 'p', 'v', 'm')
      AND (c.relname = ANY ({tables}) OR pg_catalog.obj_description(c.oid, 'pg_class') LIKE {marked})
),
policies AS (
    SELECT t.name, p.polname, p.polcmd,
           pg_catalog.pg_get_expr(p.polqual, p.polrelid) AS visible,
           pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) AS writable
    FROM relations AS t
    JOIN pg_catalog.pg_policy AS p ON p.polrelid = t.oid
    WHERE t.relkind = 'r' AND t.secured AND p.polpermissive
      AND (0 = ANY (p.polroles) OR EXISTS (SELECT FROM api AS a WHERE a.oid = ANY (p.polroles)))
)
SELECT '0004' AS lint, 'no_primary_key' AS title, t.name AS object
FROM relations AS t
WHERE t.relkind = 'r'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_index AS i WHERE i.indrelid = t.oid AND i.indisprimary)
UNION ALL
SELECT '0007', 'policy_exists_rls_disabled', t.name
FROM relations AS t WHERE t.relkind = 'r' AND t.has_policy AND NOT t.secured
UNION ALL
SELECT '0008', 'rls_enabled_no_policy', t.name
FROM relations AS t WHERE t.relkind = 'r' AND t.secured AND NOT t.has_policy
UNION ALL
SELECT '0010', 'security_definer_view', v.name
FROM relations AS v
WHERE v.relkind = 'v' AND v.is_readable
  AND NOT EXISTS (
      SELECT FROM unnest(v.reloptions) AS setting
      WHERE lower(setting) IN ('security_invoker=1', 'security_invoker=true', 'security_invoker=yes', 'security_invoker=on')
  )
UNION ALL
SELECT '0013', 'rls_disabled_in_public', t.name
FROM relations AS t WHERE t.relkind = 'r' AND t.is_exposed AND t.is_readable AND NOT t.secured
UNION ALL
SELECT '0023', 'sensitive_columns_exposed', t.name
FROM relations AS t
WHERE t.relkind = 'r' AND t.is_exposed AND t.is_readable AND NOT t.secured
  AND EXISTS (
      SELECT FROM pg_catalog.pg_attribute AS a
      WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
        AND replace(lower(a.attname), '-', '_') = ANY ({sensitive})
  )
UNION ALL
SELECT '0024', 'rls_policy_always_true', p.name
FROM policies AS p
WHERE p.polcmd IN ('*', 'w', 'd') AND coalesce(p.visible, 'true') IN ('true', '(1 = 1)')
   OR p.polcmd IN ('*', 'w', 'a') AND p.writable IN ('true', '(1 = 1)')
   OR p.polcmd = 'a' AND p.writable IS NULL
UNION ALL
SELECT CASE a.rolname WHEN 'anon' THEN '0026' ELSE '0027' END, 'pg_graphql_' || a.rolname || '_table_exposed', t.name
FROM relations AS t CROSS JOIN api AS a
WHERE has_any_column_privilege(a.oid, t.oid, 'SELECT')
  AND EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'pg_graphql')
UNION ALL
SELECT
    CASE a.rolname WHEN 'anon' THEN '0028' ELSE '0029' END,
    a.rolname || '_security_definer_function_executable',
    p.oid::regprocedure::text
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
CROSS JOIN api AS a
WHERE n.nspname = {schema} AND p.prosecdef AND has_function_privilege(a.oid, p.oid, 'EXECUTE')
  AND (p.proname = ANY ({functions}) OR pg_catalog.obj_description(p.oid, 'pg_proc') LIKE {marked})
ORDER BY 1, 3
