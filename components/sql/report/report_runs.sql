-- How many runs of each job came to what in each piece of the window: at most jobs x pieces x states rows.
SELECT r.job, date_bin({step}, r.fired_at, {since}) AS begin, r.state, count(*) AS runs
FROM {schema}.cron_run_history AS r
WHERE r.fired_at >= {since} AND r.fired_at < {until}
GROUP BY r.job, 2, r.state
ORDER BY r.job, 2, r.state
