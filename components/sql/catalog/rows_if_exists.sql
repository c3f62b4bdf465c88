-- Open a cursor of the transaction for the first query whose tables, columns and functions are all there.
DECLARE
    found_rows refcursor := {cursor};
    query text;
BEGIN
    FOREACH query IN ARRAY {queries}::text[] LOOP
        BEGIN
            OPEN found_rows FOR EXECUTE query;
            RETURN;
        EXCEPTION WHEN undefined_table OR undefined_column OR undefined_function THEN
            CONTINUE;
        END;
    END LOOP;
END
