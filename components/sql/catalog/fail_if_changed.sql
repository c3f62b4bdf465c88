-- Fail where an object is another than it was seen.
BEGIN
    IF ARRAY(SELECT o.{version} FROM ({objects}
        ) AS o ORDER BY 1) IS DISTINCT FROM {versions}::text[]
    THEN
        RAISE EXCEPTION 'it was changed meanwhile' USING ERRCODE = {errcode};
    END IF;
END
