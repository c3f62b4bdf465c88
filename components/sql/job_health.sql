-- Whether what fires and sends the jobs is alive: times in seconds, NULL where there was nothing yet. The scheduler's last
-- sign is any run's start among the newest, since the sweep runs every minute.
SELECT
    extract(epoch FROM clock_timestamp() - (
        SELECT max(newest.start_time)
        FROM (SELECT d.start_time FROM cron.job_run_details AS d ORDER BY d.runid DESC LIMIT 1000) AS newest
    ))::float AS scheduler,
    (SELECT count(*) FROM net.http_request_queue) AS queue,
    extract(epoch FROM clock_timestamp() - (
        SELECT min(r.fired_at) FROM {schema}.cron_runs AS r
        WHERE r.state IN ('queued', 'sent') AND r.request IS NOT NULL AND r.attempt = 1
    ))::float AS oldest,
    coalesce( -- of a partitioned table its partitions, which have what it has not
        (SELECT sum(pg_total_relation_size(t.relid)) FROM pg_partition_tree({runs}) AS t),
        pg_total_relation_size({runs})
    )::bigint AS ledger_bytes,
    pg_total_relation_size('cron.job_run_details') AS details_bytes,
    (SELECT s.setting FROM pg_settings AS s WHERE s.name = 'cron.timezone') AS timezone, -- as cron_zone has it
    coalesce(current_setting('cron.log_run', true), 'on') = 'on' AS accounts
