SELECT {schema}.settle_cron_secret(d.key)
FROM {schema}.cron_secret_declarations AS d
WHERE EXISTS (SELECT FROM {schema}.cron_secret_stages AS s WHERE s.key = d.key);
