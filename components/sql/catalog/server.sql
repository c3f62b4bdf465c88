-- The server, the role we are, and what of pg_cron and Vault that role may use.
SELECT
    current_setting('server_version_num')::int AS version,
    current_user::text AS role,
    (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AS is_superuser,
    current_database()::text AS database,
    -- pg_settings leaves a row out where current_setting() would raise
    (SELECT string_agg(setting, ',') FROM pg_catalog.pg_settings
     WHERE name IN ('shared_preload_libraries', 'session_preload_libraries')
     HAVING bool_or(name = 'shared_preload_libraries')) AS preloaded,
    (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'cron.database_name') AS cron_database,
    (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'cron.timezone') AS cron_timezone,
    ARRAY(
        SELECT name FROM pg_catalog.pg_settings -- as the session began: what a job's has, too
        WHERE (name, reset_val) IN (('default_transaction_read_only', 'on'), ('standard_conforming_strings', 'off'))
        ORDER BY name
    ) AS unfit_settings,
    ARRAY(SELECT rolname::text FROM pg_catalog.pg_roles) AS roles,
    ARRAY(
        SELECT 'USAGE on schema cron'
        FROM pg_catalog.pg_namespace AS n
        WHERE n.nspname = 'cron' AND NOT has_schema_privilege(n.oid, 'USAGE')
        UNION ALL
        SELECT DISTINCT 'EXECUTE on function cron.' || p.proname
        FROM pg_catalog.pg_proc AS p
        JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
        WHERE n.nspname = 'cron' AND p.proname IN ('schedule', 'unschedule', 'alter_job')
          AND NOT has_function_privilege(p.oid, 'EXECUTE')
    ) AS missing_cron_privileges,
    ARRAY(
        SELECT 'USAGE on schema vault'
        FROM pg_catalog.pg_namespace AS n
        JOIN pg_catalog.pg_extension AS e ON e.extname = 'supabase_vault' AND e.extnamespace = n.oid
        WHERE NOT has_schema_privilege(n.oid, 'USAGE')
        UNION ALL
        SELECT DISTINCT 'EXECUTE on function vault.' || p.proname
        FROM pg_catalog.pg_proc AS p
        JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
        WHERE n.nspname = 'vault' AND p.proname IN ('create_secret', '_crypto_aead_det_decrypt')
          AND NOT has_function_privilege(p.oid, 'EXECUTE')
        UNION ALL
        SELECT 'SELECT or DELETE on table vault.secrets'
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = 'vault' AND c.relname = 'secrets'
          AND NOT (has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'DELETE'))
    ) AS missing_vault_privileges,
    (
        SELECT coalesce(jsonb_agg(to_jsonb(x)), '[]')
        FROM (
            SELECT e.extname AS name, e.extversion AS installed_version, NULL AS default_version, false AS needs_superuser
            FROM pg_catalog.pg_extension AS e
            UNION ALL
            SELECT a.name, NULL, a.default_version, coalesce(v.superuser AND NOT v.trusted, true)
            FROM pg_catalog.pg_available_extensions AS a
            LEFT JOIN pg_catalog.pg_available_extension_versions AS v
                ON v.name = a.name AND v.version = a.default_version
            WHERE a.installed_version IS NULL
              -- else not asked: these two views read all control files that the server has
              AND (SELECT count(*) FROM pg_catalog.pg_extension WHERE extname = ANY ({extensions}::name[]))
                  < pg_catalog.cardinality({extensions}::name[])
        ) AS x
    ) AS extensions
