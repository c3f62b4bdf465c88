-- A key that a stack declares, and how its values are tried and kept.
INSERT INTO {schema}.cron_secret_declarations (key, owner, description, format, min_bytes, grace, probe, hosts)
VALUES (
    {key}, {owner}, {description}, {format}, {min_bytes}, make_interval(secs => {grace}), {probe}, {hosts}::text[]
)
ON CONFLICT (key) DO UPDATE
SET owner = EXCLUDED.owner, description = EXCLUDED.description, format = EXCLUDED.format,
    min_bytes = EXCLUDED.min_bytes, grace = EXCLUDED.grace, probe = EXCLUDED.probe, hosts = EXCLUDED.hosts
