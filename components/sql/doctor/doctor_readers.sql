-- Each role with LOGIN that can come to a secret's value: one row a login, a role that it can act as (itself, or one
-- that it can SET ROLE to) and a path. The has_*_privilege functions count PUBLIC, inherited roles, single columns and
-- pg_read_all_data in.
WITH kept AS (
    SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, c.relname::text AS relname, c.relnamespace,
           c.relowner, c.relrowsecurity,
           EXISTS (
               SELECT FROM pg_catalog.pg_trigger AS t WHERE t.tgrelid = c.oid AND t.tgname = {vault_trigger}
           ) AS in_vault
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = {schema} AND c.relname = ANY ({tables}) AND c.relkind = 'r'
),
functions AS (
    SELECT p.oid, p.oid::regprocedure::text AS name, p.pronamespace
    FROM pg_catalog.pg_proc AS p
    JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname = {schema} AND p.proname = ANY ({functions}) AND p.prosecdef
),
acting AS (
    SELECT login.rolname::text AS login, login.oid AS login_oid, login.rolreplication AS login_replicates,
           role.oid, role.rolname::text AS role, role.rolsuper, role.rolbypassrls, role.rolcreaterole
    FROM pg_catalog.pg_roles AS login
    JOIN pg_catalog.pg_roles AS role
        ON role.oid = login.oid
        OR NOT login.rolsuper AND (
            -- 16 tells apart who may inherit from a role and who may become it; an admin may grant himself either
            pg_has_role(login.oid, role.oid,
                        CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END)
            OR pg_has_role(login.oid, role.oid, 'MEMBER WITH ADMIN OPTION')
        )
    WHERE login.rolcanlogin
),
opened AS (
    SELECT p.polrelid AS relation, p.polroles,
           p.polcmd IN ('*', 'r') AND coalesce(pg_catalog.pg_get_expr(p.polqual, p.polrelid), 'true') <> 'false' AS reads,
           p.polcmd IN ('*', 'a', 'w')
               AND coalesce(pg_catalog.pg_get_expr(coalesce(p.polwithcheck, p.polqual), p.polrelid), 'true') <> 'false'
               AS writes
    FROM pg_catalog.pg_policy AS p
    JOIN kept AS k ON k.oid = p.polrelid
    WHERE p.polpermissive
),
reached AS (
    SELECT a.*, k.name, k.relname, k.in_vault, k.oid AS relation, by.because, by.reads, by.writes
    FROM acting AS a
    CROSS JOIN kept AS k
    CROSS JOIN LATERAL (
        SELECT 'row level security is off' AS because, true AS reads, true AS writes WHERE NOT k.relrowsecurity
        UNION ALL
        SELECT 'BYPASSRLS', true, true WHERE k.relrowsecurity AND a.rolbypassrls
        UNION ALL
        SELECT 'a policy lets rows through', bool_or(o.reads), bool_or(o.writes)
        FROM opened AS o
        WHERE o.relation = k.oid AND k.relrowsecurity AND NOT a.rolbypassrls
          AND EXISTS (SELECT FROM unnest(o.polroles) AS r WHERE r = 0 OR pg_has_role(a.oid, r, 'USAGE'))
    ) AS by
    WHERE has_schema_privilege(a.oid, k.relnamespace, 'USAGE')
),
decrypting AS (
    SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, n.oid AS relnamespace,
           ARRAY(
               SELECT p.oid FROM pg_catalog.pg_proc AS p
               WHERE p.pronamespace = n.oid AND p.proname = '_crypto_aead_det_decrypt'
           ) AS decrypt
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = 'vault' AND c.relname = 'decrypted_secrets' AND EXISTS (SELECT FROM kept WHERE in_vault)
)
SELECT login, role, 'superuser' AS path, '' AS object, '' AS because, false AS in_vault
FROM acting WHERE rolsuper
UNION
SELECT a.login, a.role, 'owner', '', '', false
FROM acting AS a CROSS JOIN kept AS k
WHERE pg_has_role(a.oid, k.relowner, 'USAGE')
UNION
SELECT login, role, 'select', name, because, in_vault
FROM reached
WHERE relname = ANY ({values}) AND reads AND has_column_privilege(oid, relation, 'value', 'SELECT')
UNION
-- a probe is a statement that settle_cron_secret() runs as the owner
SELECT login, role, 'write', name, because, false
FROM reached
WHERE relname = {declarations} AND writes
  AND (has_any_column_privilege(oid, relation, 'INSERT') OR has_any_column_privilege(oid, relation, 'UPDATE'))
UNION
-- their function would run with each change of a row, as the one who changes it
SELECT login, role, 'trigger', name, '', false
FROM reached WHERE has_table_privilege(oid, relation, 'TRIGGER')
UNION
SELECT a.login, a.role, 'execute', f.name, '', false
FROM acting AS a CROSS JOIN functions AS f
WHERE has_schema_privilege(a.oid, f.pronamespace, 'USAGE') AND has_function_privilege(a.oid, f.oid, 'EXECUTE')
UNION
SELECT a.login, a.role, 'vault', d.name, '', true
FROM acting AS a CROSS JOIN decrypting AS d
WHERE has_schema_privilege(a.oid, d.relnamespace, 'USAGE')
  AND has_column_privilege(a.oid, d.oid, 'decrypted_secret', 'SELECT')
  AND (d.decrypt = '{{}}' OR EXISTS (
      SELECT FROM unnest(d.decrypt) AS decrypt WHERE has_function_privilege(a.oid, decrypt, 'EXECUTE')
  ))
UNION
SELECT a.login, a.role, 'files', files.rolname::text, '', false
FROM acting AS a JOIN pg_catalog.pg_roles AS files
    ON files.rolname IN ('pg_read_server_files', 'pg_execute_server_program') AND pg_has_role(a.oid, files.oid, 'USAGE')
WHERE EXISTS (SELECT FROM kept)
UNION
SELECT login, login, 'replication', '', '', false
FROM acting WHERE login_replicates AND EXISTS (SELECT FROM kept)
UNION
-- until 16, CREATEROLE could grant every role but superusers to anybody
SELECT a.login, a.role, 'createrole', '', '', false
FROM acting AS a
WHERE a.rolcreaterole AND current_setting('server_version_num')::int < 160000 AND EXISTS (SELECT FROM kept)
ORDER BY login, path, object, role
