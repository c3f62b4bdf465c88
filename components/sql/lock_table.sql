-- Shut a table against everybody but its owner: privileges of the table and of its columns, then row security with a
-- policy that lets no row through (not forced, so that the owner's functions read it).
DO $lock$
DECLARE
    relation regclass := {table}::regclass;
    grantee oid;
    policy name;
BEGIN
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
    FOR policy IN SELECT polname FROM pg_catalog.pg_policy WHERE polrelid = relation LOOP
        EXECUTE format('DROP POLICY %I ON %s', policy, relation);
    END LOOP;
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY', relation);
    EXECUTE format('CREATE POLICY nobody ON %s USING (false) WITH CHECK (false)', relation);
END
$lock$
