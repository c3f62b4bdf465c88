-- Lock tables and views against everybody but their owner: privileges of the table, of its columns and of the sequences
-- behind them; then, for a table, row security with a policy that lets no row through (not forced, so that the owner's
-- functions read it).
DO $lock$
DECLARE
    relation regclass;
    sequence regclass;
    grantee oid;
    policy name;
BEGIN
    FOREACH relation IN ARRAY {tables}::regclass[] LOOP
        FOR grantee IN
            SELECT DISTINCT acl.grantee
            FROM (
                SELECT relacl AS entries FROM pg_catalog.pg_class WHERE oid = relation
                UNION ALL
                SELECT attacl FROM pg_catalog.pg_attribute WHERE attrelid = relation
            ) AS all_acls, pg_catalog.aclexplode(all_acls.entries) AS acl
            WHERE acl.grantee <> (SELECT relowner FROM pg_catalog.pg_class WHERE oid = relation)
        LOOP
            EXECUTE format(
                'REVOKE ALL ON TABLE %s FROM %s CASCADE', relation,
                CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE grantee::regrole::text END
            );
        END LOOP;
        FOR sequence, grantee IN
            SELECT DISTINCT s.oid, acl.grantee
            FROM pg_catalog.pg_depend AS d
            JOIN pg_catalog.pg_class AS s ON s.oid = d.objid AND s.relkind = 'S',
            pg_catalog.aclexplode(s.relacl) AS acl
            WHERE d.classid = 'pg_class'::regclass AND d.refobjid = relation AND d.deptype = 'i' AND acl.grantee <> s.relowner
        LOOP
            EXECUTE format(
                'REVOKE ALL ON SEQUENCE %s FROM %s CASCADE', sequence,
                CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE grantee::regrole::text END
            );
        END LOOP;
        CONTINUE WHEN (SELECT relkind FROM pg_catalog.pg_class WHERE oid = relation) = 'v';
        FOR policy IN SELECT polname FROM pg_catalog.pg_policy WHERE polrelid = relation LOOP
            EXECUTE format('DROP POLICY %I ON %s', policy, relation);
        END LOOP;
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY', relation);
        EXECUTE format('CREATE POLICY nobody ON %s USING (false) WITH CHECK (false)', relation);
    END LOOP;
END
$lock$
