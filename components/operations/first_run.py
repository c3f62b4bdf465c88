"""Runs a job once in the ``up`` that created or updated it, and fails the ``up`` where the run fails."""

from components.database.connection import Database
from components.errors import Error
from components.operations.run_now import Skipped, await_verdict, run_now
from components.runs.history import Run
from components.runs.states import BAD, OPEN

VERDICT_SECONDS = 200.0
"""Seconds to wait for the end of the run: the longest timeout of a request and some rounds of pg_net."""

SHOWN_RESPONSE = 200
"""Characters of the answer that the error quotes."""


def verify_first_run(database: Database, schema: str, command: str) -> None:
    """Run a job's command once and wait for the verdict of the run.

    A run that the job's policy skips passes, and so does one that the ledger does not record. Raises Error with the
    endpoint's answer where the run fails or does not end in time; the job stays, and the next ``up`` tries again.
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
