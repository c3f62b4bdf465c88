-- How long runs took whose time is known, of all that ended: one row a job. {counts} is the histogram.
SELECT
    r.job,
    count(*) AS runs,
    count(r.milliseconds) AS known,
    percentile_disc(ARRAY[0, 0.5, 0.95, 1]) WITHIN GROUP (ORDER BY r.milliseconds) AS quantiles,
    percentile_disc(ARRAY[0.5, 0.95, 1]) WITHIN GROUP (ORDER BY coalesce(r.milliseconds, r.milliseconds_at_most)) AS bounds,
    ARRAY[{counts}] AS histogram
FROM {schema}.cron_run_history AS r
WHERE r.fired_at >= {since} AND r.fired_at < {until} AND r.settled_at IS NOT NULL AND r.state <> 'skipped'
GROUP BY r.job
ORDER BY r.job
