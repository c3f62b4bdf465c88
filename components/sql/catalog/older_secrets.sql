-- The secrets of a store of an earlier version, or of a table made by hand: who declares them is not asked here.
SELECT
    {schema_name} || '.' || s.key AS identity,
    true AS in_older_store,
    {salt} AS salt,
    encode(sha256(convert_to({salt} || s.value, 'UTF8')), 'hex') AS digest,
    s.value <> '' AND s.value NOT ILIKE 'placeholder%' AS is_set,
    to_jsonb(s) ->> 'description' AS description,
    coalesce((to_jsonb(s) ->> 'updated_at')::timestamptz, now()) AS updated_at,
    NULL AS stack,
    NULL AS format,
    NULL AS min_bytes,
    NULL AS grace,
    NULL AS probe,
    NULL AS hosts,
    NULL AS changed_by
FROM {schema}.cron_secrets AS s
