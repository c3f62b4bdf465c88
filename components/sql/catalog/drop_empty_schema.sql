-- Drop the schema where nothing but the store was in it.
DO $drop$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend AS d
        JOIN pg_catalog.pg_namespace AS n ON d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid
        WHERE n.nspname = {name}
    ) THEN
        DROP SCHEMA IF EXISTS {schema};
    END IF;
END
$drop$
