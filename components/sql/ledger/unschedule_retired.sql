WITH forgotten AS (
    DELETE FROM {declarations} WHERE job = {name}
)
SELECT cron.unschedule(j.jobid) FROM cron.job AS j
WHERE j.jobname = {name} AND j.username = current_user AND j.database = current_database() AND starts_with(j.command, {mark})
