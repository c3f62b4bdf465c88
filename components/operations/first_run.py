"""A job's first run, made by the ``up`` that made or changed the job, which fails where that run does."""

from components.database.connection import Database
from components.errors import Error
from components.operations.run_now import Skipped, await_verdict, run_now
from components.runs.history import Run
from components.runs.states import BAD, OPEN

VERDICT_SECONDS = 200.0
"""Seconds to wait for the run's end: the longest timeout of a request, and rounds of pg_net around it."""

SHOWN_RESPONSE = 200
"""Characters of the answer that the error quotes."""


def verify_first_run(database: Database, schema: str, command: str) -> None:
    """Run the job's command once and wait for its verdict.

    A job whose policy skips a run now has nothing to show and passes. Raises Error with what the endpoint answered
    where that is no success; the job itself stays, and the next ``up`` tries again.
    """
    try:
        number = run_now(database, command, "first_run")
    except Skipped:
        return
    if number is None:
        return
    run = await_verdict(database, schema, number, VERDICT_SECONDS)
    if run.state in BAD:
        raise Error(f"is scheduled, but its first run came to nothing: {_answer(run)}")
    if run.state in OPEN:
        raise Error(
            f"is scheduled, but its first run has not ended within {VERDICT_SECONDS:g} s; see: cronctl show {number}"
        )


def _answer(run: Run) -> str:
    answer = " ".join((run.response or "").split())
    quoted = f" ({answer[:SHOWN_RESPONSE]})" if answer else ""
    advice = f". {' '.join(run.explanation)}" if run.explanation else ""
    return f"{run.detail}{quoted}{advice}"
