SELECT {schema}.sweep_cron_catch_up({catch_up}::text[]);
