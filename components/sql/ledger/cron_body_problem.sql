-- cron_body_problem tests the body of an answer against a jsonpath predicate and returns what is wrong with it.
-- Called by: judge_cron_answer
-- Locks: none
-- Raises: nothing: it catches every error and returns it as a problem
CREATE OR REPLACE FUNCTION {schema}.cron_body_problem(p_body text, p_predicate text)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $body$
-- What a body is that does not satisfy a predicate, without a word of it, since it may quote a secret; NULL where it does.
DECLARE
    answer jsonb;
BEGIN
    BEGIN
        answer := p_body::jsonb;
    EXCEPTION
        WHEN invalid_text_representation THEN
            RETURN 'a body that is no success';
        WHEN OTHERS THEN -- an escaped NUL, a number beyond all bounds, nested too deeply
            RETURN 'no text that jsonb can hold';
    END;
    IF jsonb_path_match(answer, p_predicate::jsonpath, silent => true) THEN
        RETURN NULL;
    END IF;
    RETURN 'a body that is no success';
EXCEPTION
    WHEN OTHERS THEN -- such as times with a zone and without one, which jsonpath does not compare
        RETURN format('a body that its predicate cannot be held against (SQLSTATE %s)', SQLSTATE);
END
$body$
