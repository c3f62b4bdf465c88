-- Whether what fires and sends the jobs is alive: times in seconds, NULL where there was nothing yet or this login may not
-- see it. The scheduler's last sign is any run's start among the newest, since the sweep runs every minute.
SELECT
    extract(epoch FROM clock_timestamp() - (
        SELECT max(newest.start_time)
        FROM (SELECT d.start_time FROM cron.job_run_details AS d ORDER BY d.runid DESC LIMIT 1000) AS newest
    ))::float AS scheduler,
    (
        SELECT CASE WHEN count(a.backend_type) > 0 THEN bool_or(a.backend_type = 'pg_cron launcher') END
        FROM pg_stat_activity AS a
        WHERE pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')
    ) AS launcher,
    (
        SELECT count(*)
        FROM (SELECT d.status FROM cron.job_run_details AS d ORDER BY d.runid DESC LIMIT 1000) AS newest
        WHERE newest.status IN ('starting', 'running')
    ) AS running,
    (SELECT s.setting::int FROM pg_settings AS s WHERE s.name = 'cron.max_running_jobs') AS at_once,
    {queue} AS queue,
    extract(epoch FROM clock_timestamp() - (
        SELECT min(r.fired_at) FROM {schema}.cron_runs AS r
        WHERE r.state IN ('queued', 'sent') AND r.request IS NOT NULL AND r.attempt = 1
    ))::float AS oldest,
    -- pg_net's worker lives on what it grants to PUBLIC
    (
        SELECT NOT bool_and(EXISTS (
            SELECT FROM aclexplode(t.acl) AS a WHERE a.grantee = 0 AND a.privilege_type = t.needed
        ))
        FROM (
            SELECT n.nspacl, 'USAGE' FROM pg_namespace AS n WHERE n.nspname = 'net'
            UNION ALL
            SELECT c.relacl, needed
            FROM (VALUES ('_http_response', 'INSERT'), ('http_request_queue', 'DELETE')) AS v (name, needed)
            JOIN pg_class AS c ON c.oid = to_regclass('net.' || v.name)
        ) AS t (acl, needed)
    ) AS net_is_closed,
    extract(epoch FROM (SELECT s.setting::interval FROM pg_settings AS s WHERE s.name = 'pg_net.ttl'))::float AS ttl,
    (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
            'step', s.step,
            'ended', extract(epoch FROM clock_timestamp() - s.ended_at),
            'failed', extract(epoch FROM clock_timestamp() - s.failed_at),
            'detail', s.detail
        ) ORDER BY s.step), '[]') FROM {schema}.cron_sweeps AS s
    ) AS sweeps,
    extract(epoch FROM clock_timestamp() - (
        SELECT min(d.since) FROM {schema}.cron_job_declarations AS d WHERE starts_with(d.job, {runs_sweep})
    ))::float AS sweep_since,
    coalesce( -- of a partitioned table its partitions, which have what it has not
        (SELECT sum(pg_total_relation_size(t.relid)) FROM pg_partition_tree({runs}) AS t),
        pg_total_relation_size({runs})
    )::bigint AS ledger_bytes,
    pg_total_relation_size('cron.job_run_details') AS details_bytes,
    (SELECT s.setting FROM pg_settings AS s WHERE s.name = 'cron.timezone') AS timezone, -- as cron_zone has it
    coalesce((SELECT s.setting = 'on' FROM pg_settings AS s WHERE s.name = 'cron.log_run'), true) AS accounts,
    coalesce((SELECT s.setting = 'on' FROM pg_settings AS s WHERE s.name = 'cron.launch_active_jobs'), true) AS launches
