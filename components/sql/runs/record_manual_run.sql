-- A run of a job's own statement out of its time, as pg_cron's account would tell it.
INSERT INTO {schema}.cron_runs (job, state, fired_at, settled_at, milliseconds, source, detail)
SELECT
    {job},
    CASE WHEN failure.text IS NULL THEN 'ok' ELSE 'failed' END,
    clock_timestamp() - {milliseconds} * interval '1 millisecond',
    clock_timestamp(),
    {milliseconds},
    {source},
    {schema}.mask_cron_secrets('ERROR:  ' || failure.text, (SELECT {schema}.cron_secret_pattern()), 500)
FROM (SELECT {failure}::text) AS failure (text)
RETURNING run
