SELECT {schema}.settle_cron_runs();
SELECT {schema}.retry_cron_runs();
SELECT {schema}.watch_cron_jobs();
SELECT {schema}.catch_up_cron_runs({catch_up}::text[]);
SELECT {schema}.purge_cron_runs({runs}, {details});
