"""Rules for jobs that pg_cron could not run. Pure."""

from components.runs.cause_rule import unanswered

NOT_RUN = (
    unanswered(
        "^connection failed",
        "The job did not run, since pg_cron could not log in to the database.",
        "Compare nodename, nodeport, database and username in cron.job with the server, and its pg_hba.conf with the "
        "role.",
    ),
    unanswered(
        "^job startup timeout",
        "The job could not start within 10 s, as happens when too many run at once (cron.max_running_jobs).",
        "Spread the schedules in jobs.yaml, since Supabase advises at most 8 jobs at a time, each under 10 minutes.",
    ),
    unanswered(
        "^could not start background process",
        "The server had no process left to run the job in.",
        "Spread the schedules in jobs.yaml, or raise max_worker_processes.",
    ),
    unanswered(
        "^job canceled",
        "The job was unscheduled or paused while it ran.",
        "If nobody meant to, see with `cronctl verify` whether it is still there, and run `pulumi up`.",
    ),
)
