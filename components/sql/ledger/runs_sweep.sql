SELECT {schema}.await_cron_answers();
SELECT {schema}.sweep_cron_runs({watch}, {runs}, {details});
