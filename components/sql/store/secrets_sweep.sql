SELECT {schema}.sweep_cron_secrets();
