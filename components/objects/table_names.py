"""The tables and views that others read by name, who need no more of the objects that they belong to."""

RUNS = "cron_runs"
HISTORY = "cron_run_history"
SECRETS = "cron_secrets"
