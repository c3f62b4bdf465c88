-- Drop functions with other argument names or another result than ours, which CREATE OR REPLACE refuses to change.
DO $drop$
DECLARE
    ours CONSTANT text[] := {functions}; -- of each: its reference, its identity arguments, its result
    irreplaceable regprocedure;
BEGIN
    FOR irreplaceable IN
        SELECT p.oid
        FROM generate_subscripts(ours, 1) AS n
        JOIN pg_catalog.pg_proc AS p ON p.oid = to_regprocedure(ours[n][1])
        WHERE pg_catalog.pg_get_function_identity_arguments(p.oid) <> ours[n][2]
           OR pg_catalog.pg_get_function_result(p.oid) <> ours[n][3]
    LOOP
        EXECUTE format('DROP FUNCTION %s', irreplaceable);
    END LOOP;
END
$drop$
