-- Schemas in which our role looks for names when a job of its runs, and the logins that may create something there.
SELECT n.nspname::text AS schema, array_agg(r.rolname::text ORDER BY r.rolname) AS logins
FROM (
    SELECT trim(BOTH ' "' FROM part) AS name
    FROM pg_catalog.pg_settings AS s, string_to_table(s.reset_val, ',') AS part WHERE s.name = 'search_path'
) AS path
JOIN pg_catalog.pg_namespace AS n ON n.nspname = CASE path.name WHEN '$user' THEN current_user ELSE path.name END
JOIN pg_catalog.pg_roles AS r
    ON r.rolcanlogin AND NOT r.rolsuper AND has_schema_privilege(r.oid, n.oid, 'CREATE')
    AND NOT pg_has_role(r.oid, current_user, 'MEMBER')
GROUP BY n.nspname
ORDER BY n.nspname
