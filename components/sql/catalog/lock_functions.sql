-- Take EXECUTE on functions from everybody but their owner; PostgreSQL itself grants it to PUBLIC, Supabase's default
-- privileges to the API roles.
DO $lock$
DECLARE
    routine regprocedure;
    grantee oid;
BEGIN
    FOR routine, grantee IN
        SELECT DISTINCT p.oid, acl.grantee
        FROM pg_catalog.pg_proc AS p,
             pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) AS acl
        WHERE p.oid = ANY ({functions}::regprocedure[]) AND acl.grantee <> p.proowner
    LOOP
        EXECUTE format(
            'REVOKE ALL ON FUNCTION %s FROM %s CASCADE', routine,
            CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE grantee::regrole::text END
        );
    END LOOP;
END
$lock$
