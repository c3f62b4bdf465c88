-- What an earlier version kept of answers whose bytes are no text, which no client can read.
UPDATE {schema}.cron_runs AS r
SET response = {schema}.mask_cron_secrets(r.response, NULL, 1024),
    detail = {schema}.mask_cron_secrets(r.detail, NULL, 500)
WHERE r.response IS DISTINCT FROM {schema}.mask_cron_secrets(r.response, NULL, 1024)
   OR r.detail IS DISTINCT FROM {schema}.mask_cron_secrets(r.detail, NULL, 500)
