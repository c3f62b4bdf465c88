SELECT {schema}.settle_cron_secret(d.key)
FROM (
    SELECT d.key
    FROM {schema}.cron_secret_declarations AS d
    WHERE EXISTS (SELECT FROM {schema}.cron_secret_stages AS s WHERE s.key = d.key)
    FOR UPDATE OF d SKIP LOCKED -- whoever rotates one key, and does not end, does not keep the others waiting
) AS d;
