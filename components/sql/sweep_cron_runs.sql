SELECT {schema}.settle_cron_runs();
SELECT {schema}.purge_cron_runs({runs}, {details});
