-- The secrets of a store without their values: a digest of each, salted for one process alone.
SELECT
    {schema_name} || '.' || s.key AS identity,
    false AS in_older_store,
    {salt} AS salt,
    encode(sha256(convert_to({salt} || v.value, 'UTF8')), 'hex') AS digest,
    coalesce(v.value <> '' AND v.value NOT ILIKE 'placeholder%', false) AS is_set,
    s.description,
    s.updated_at,
    d.owner AS stack,
    d.format,
    d.min_bytes,
    extract(epoch FROM d.grace)::double precision AS grace,
    d.probe,
    d.hosts,
    (
        -- who asked for a rotation, not the session that carried it out once the probe had answered
        SELECT CASE WHEN who.active_role IN ('none', who.session_role) THEN who.session_role
               ELSE who.session_role || ' as ' || who.active_role END
        FROM {schema}.cron_secret_audit AS done
        LEFT JOIN {schema}.cron_secret_audit AS staged
            ON staged.rotation = done.rotation AND staged.key = done.key AND staged.action = 'staged'
        CROSS JOIN LATERAL (
            SELECT coalesce(staged.session_role, done.session_role) AS session_role,
                   coalesce(staged.active_role, done.active_role) AS active_role
        ) AS who
        WHERE done.key = s.key AND done.action IN ('created', 'rotated')
        ORDER BY done.at DESC
        LIMIT 1
    ) AS changed_by
FROM {schema}.cron_secrets AS s
CROSS JOIN LATERAL (SELECT {schema}.cron_secret_value(s.value) AS value) AS v
LEFT JOIN {schema}.cron_secret_declarations AS d ON d.key = s.key
