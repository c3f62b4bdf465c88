-- Functions of a schema as the catalog has them; without a name, all of ours that there can be.
SELECT
    p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')' AS signature,
    p.proname::text AS name,
    n.nspname::text AS schema,
    pg_catalog.pg_get_userbyid(p.proowner)::text AS owner,
    pg_catalog.pg_has_role(p.proowner, 'USAGE') AS mine,
    p.prosrc AS source,
    p.prosecdef AS security_definer,
    p.provolatile::text AS volatility,
    coalesce(p.proconfig, '{{}}') AS settings,
    pg_catalog.format_type(p.prorettype, NULL) AS returns,
    pg_catalog.pg_get_function_result(p.oid) AS result,
    pg_catalog.obj_description(p.oid, 'pg_proc') AS comment,
    (
        SELECT coalesce(jsonb_object_agg(acl.name, acl.privileges), '{{}}')
        FROM (
            SELECT coalesce(r.rolname, 'PUBLIC') AS name, jsonb_agg(a.privilege_type ORDER BY a.privilege_type) AS privileges
            FROM pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) AS a
            LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = a.grantee
            WHERE a.grantee <> p.proowner
            GROUP BY 1
        ) AS acl
    ) AS privileges,
    ARRAY(
        SELECT DISTINCT r.rolname::text
        FROM pg_catalog.aclexplode(p.proacl) AS a JOIN pg_catalog.pg_roles AS r ON r.oid = a.grantee
        WHERE NOT pg_catalog.has_schema_privilege(r.oid, n.oid, 'USAGE')
    ) AS without_usage
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
WHERE n.nspname = {schema} AND p.proname = ANY ({names})
