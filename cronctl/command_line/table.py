"""The commands in the order in which help lists them."""

from typing import NamedTuple


class Entry(NamedTuple):
    """A command: the function of ``cronctl/command_line/`` that has its parameters, and the first line of its help."""

    name: str
    module: str
    function: str
    help: str


COMMANDS = (
    Entry(
        "status",
        "status",
        "status",
        "How each job stands: its next run, its last run's true verdict, and whether scheduler and worker are alive.",
    ),
    Entry("next", "status", "next_runs", "When jobs run next, in UTC and in this machine's time."),
    Entry(
        "describe",
        "describe",
        "describe",
        "One job in words: when it runs, what it sends and how it proves it, its policies, its next runs and its last "
        "one.",
    ),
    Entry(
        "history",
        "history",
        "history",
        "The newest runs with their true verdicts: what the endpoint answered, not whether a request was queued.",
    ),
    Entry(
        "failures",
        "history",
        "failures",
        "The newest runs that did not do their work, each kind with its likely cause and the next step.",
    ),
    Entry(
        "show",
        "history",
        "show",
        "All that is known of one run: its answer, the likely cause of a failure and the next step.",
    ),
    Entry(
        "logs",
        "logs",
        "logs",
        "Runs as a log, oldest first, a line each: when it fired (UTC), its number, job, state, status, time and "
        "detail.",
    ),
    Entry(
        "trigger",
        "job_commands",
        "trigger",
        "Run a job now, as pg_cron would, and tell what came of it: the manual dispatch.",
    ),
    Entry(
        "pause",
        "job_commands",
        "pause",
        "Pause a job in the database, at once. A run of it that is under way is cancelled.",
    ),
    Entry("resume", "job_commands", "resume", "Let a paused job run again, from its next time on."),
    Entry(
        "lint",
        "files",
        "lint",
        "Check a catalogue as each preview does, as far as that takes no stack: no engine and no database is asked.",
    ),
    Entry(
        "verify",
        "checks",
        "verify",
        "Hold what is declared, what the state says and what the database has against each other.",
    ),
    Entry(
        "drift",
        "checks",
        "drift",
        "What was changed in the database since the last pulumi up: the state held against what is there.",
    ),
    Entry(
        "rotate",
        "rotate",
        "rotate",
        "Rotate a secret: the value comes from a prompt, from stdin or from a generator.",
    ),
    Entry(
        "doctor",
        "checks",
        "doctor",
        "Look at who can read secrets, at the linter's rules, and at jobs that are dead or hold keys.",
    ),
    Entry(
        "export",
        "files",
        "export",
        "All that a stack declares as an SQL migration, which makes it without Pulumi. Needs no database.",
    ),
    Entry(
        "report",
        "files",
        "report",
        "Write a report as one HTML file that needs nothing else: schedules, runs, failures, the lock-down.",
    ),
    Entry(
        "init",
        "files",
        "init",
        "Write a catalogue to begin with, of two secrets and one job, and a Pulumi project where the folder has none.",
    ),
    Entry(
        "import database",
        "importing",
        "import_database",
        "Jobs that a database has already as entries of the catalogue: requests where these are exactly the same, else "
        "SQL as it is.",
    ),
    Entry(
        "import workflows",
        "importing",
        "import_workflows",
        "Scheduled GitHub Actions workflows as entries of the catalogue, where these do the same, and why the others "
        "do not.",
    ),
)

GROUPS = {"import": "What runs elsewhere, as entries of the catalogue; shown as a diff, and written with --write."}
"""What commands of two words have in common, by their first word."""
