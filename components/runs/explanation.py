"""What went wrong with a run of the ledger, and what to do about it, in plain sentences. Pure.

A table of rules is read from top to bottom, the particular before the general, and the first that fits speaks.
"""

from components.runs.answer_causes import BROKEN, REFUSED, UNSUCCESSFUL
from components.runs.cause_rule import Explanation, unanswered
from components.runs.pg_cron_causes import NOT_RUN
from components.runs.pg_net_causes import LOST, UNANSWERED
from components.runs.statement_causes import STATEMENTS

GENERAL = (
    unanswered(
        "",
        "The run was left out, so nothing was sent.",
        "Its detail says why, and the next run comes with the schedule.",
        states=("skipped",),
    ),
    unanswered(
        "",
        "Every attempt of this run failed, and no more are made.",
        "Mend what its detail and response tell, and wait for the next run.",
        states=("exhausted",),
        status=(None, *range(100, 600)),
    ),
)

_RULES = (*UNSUCCESSFUL, *REFUSED, *BROKEN, *STATEMENTS, *UNANSWERED, *LOST, *NOT_RUN, *GENERAL)


def explain(state: str, status_code: int | None, detail: str | None, response: str | None) -> Explanation | None:
    """Why a run ended as the ledger says and what to do; None where it went well, goes on, or nothing is known."""
    told, body = detail or "", response or ""
    return next((rule.explanation for rule in _RULES if rule.fits(state, status_code, told, body)), None)
