-- Tables and views as the catalog has them, one row each; a sequence's privileges are told as its table's.
SELECT
    c.relname::text AS name,
    c.relkind::text AS kind,
    pg_catalog.pg_get_userbyid(c.relowner)::text AS owner,
    pg_catalog.pg_has_role(c.relowner, 'USAGE') AS mine,
    pg_catalog.obj_description(c.oid, 'pg_class') AS comment,
    c.relrowsecurity AS row_security,
    c.relforcerowsecurity AS forced,
    ARRAY(
        SELECT p.polname::text FROM pg_catalog.pg_policy AS p
        WHERE p.polrelid = c.oid
          AND (p.polname <> 'nobody' OR p.polcmd <> '*' OR NOT p.polpermissive
               OR pg_catalog.pg_get_expr(p.polqual, c.oid) <> 'false'
               OR pg_catalog.pg_get_expr(p.polwithcheck, c.oid) <> 'false')
        ORDER BY p.polname
    ) AS strange_policies,
    EXISTS (SELECT FROM pg_catalog.pg_policy AS p WHERE p.polrelid = c.oid AND p.polname = 'nobody') AS has_policy,
    ARRAY(
        SELECT a.attname::text FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
    ) AS columns,
    ARRAY(
        SELECT t.tgname::text FROM pg_catalog.pg_trigger AS t
        WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') ORDER BY t.tgname
    ) AS triggers,
    ARRAY(
        SELECT coalesce(r.rolname, 'PUBLIC') || ': ' || string_agg(DISTINCT a.privilege_type, ', ')
        FROM (
            SELECT c.relacl AS entries
            UNION ALL
            SELECT attacl FROM pg_catalog.pg_attribute WHERE attrelid = c.oid
            UNION ALL
            SELECT s.relacl FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_class AS s ON s.oid = d.objid
            WHERE d.classid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.deptype = 'i' AND s.relkind = 'S'
        ) AS acls, pg_catalog.aclexplode(acls.entries) AS a
        LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = a.grantee
        WHERE a.grantee <> c.relowner
        GROUP BY r.rolname
        ORDER BY r.rolname
    ) AS privileges
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = {schema} AND c.relname = ANY ({names})
