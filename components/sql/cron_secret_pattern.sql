CREATE OR REPLACE FUNCTION {schema}.cron_secret_pattern()
RETURNS text
LANGUAGE plpgsql
VOLATILE -- and so never computed while a statement is planned, which would make the values part of its plan
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
-- A regular expression for every value that a secret has, had or may get, the longest first; NULL where there is none.
BEGIN
    RETURN (
        SELECT string_agg(regexp_replace(v.value, '([!$()*+.:<=>?[\\\]^{{|}}-])', '\\\1', 'g'), '|' ORDER BY length(v.value) DESC)
        FROM (
            SELECT {schema}.cron_secret_value(s.value) AS value FROM {schema}.cron_secrets AS s
            UNION
            SELECT {schema}.cron_secret_value(s.value) FROM {schema}.cron_secret_stages AS s
        ) AS v
        WHERE length(v.value) >= 6
    );
END
$body$
