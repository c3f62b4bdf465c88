-- cron_ascii_text replaces whatever is not ASCII in a text, whose bytes need not be valid UTF-8.
-- Called by: mask_cron_secrets
-- Locks: none
-- Raises: nothing of its own
CREATE OR REPLACE FUNCTION {schema}.cron_ascii_text(p_text text)
RETURNS text
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $body$
-- What can be read of a text that is none, since pg_net keeps an answer's bytes as they come: a question mark for all that
-- is not ASCII. As bytes, since whatever works on characters fails there; decode takes all but backslashes as they stand.
SELECT regexp_replace(
    convert_from(decode(replace(p_text, E'\\', E'\\\\'), 'escape'), 'LATIN1'), '[^\u0001-\u007f]+', '?', 'g'
)
$body$
