-- The runs that came to nothing, those of a kind together: the same job, verdict, status and message but for its numbers.
-- The newest of each kind speaks for it; what it says after the first line would quote the job's own statement.
WITH kinds AS (
    SELECT
        r.job,
        r.state,
        r.status_code,
        regexp_replace(split_part(r.detail, E'\n', 1), '\d+(\.\d+)?', '#', 'g') AS gist,
        count(*) AS runs,
        min(r.fired_at) AS first,
        max(r.fired_at) AS last,
        max(r.run) AS run
    FROM {schema}.cron_run_history AS r
    WHERE r.fired_at >= {since} AND r.fired_at < {until} AND r.state IN ('failed', 'timed_out', 'lost', 'exhausted')
    GROUP BY 1, 2, 3, 4
), newest AS (
    SELECT k.*, count(*) OVER () AS kinds, sum(k.runs) OVER () AS all_runs FROM kinds AS k
    ORDER BY k.last DESC, k.job LIMIT {limit}
)
SELECT
    n.job, n.state, n.status_code, n.runs, n.first, n.last, n.run, n.kinds, n.all_runs::bigint,
    split_part(coalesce(r.detail, n.gist), E'\n', 1) AS detail,
    r.response -- to find the cause with; it is not told
FROM newest AS n LEFT JOIN {schema}.cron_runs AS r ON r.run = n.run
ORDER BY n.last DESC, n.job
