-- Who asks what, when by the server's clock, and which store the secrets are in.
SELECT
    clock_timestamp() AS now,
    current_user::text AS role,
    current_database()::text AS database,
    current_setting('server_version') AS server,
    (SELECT e.extversion FROM pg_catalog.pg_extension AS e WHERE e.extname = 'pg_cron') AS pg_cron,
    (SELECT e.extversion FROM pg_catalog.pg_extension AS e WHERE e.extname = 'pg_net') AS pg_net,
    EXISTS (
        SELECT FROM pg_catalog.pg_trigger AS t WHERE t.tgrelid = to_regclass({secrets}) AND t.tgname = {vault_trigger}
    ) AS in_vault
