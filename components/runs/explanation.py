"""Explains a failed or skipped run of the ledger: the likely cause and the next step. Pure.

The first rule that fits gives the explanation, so particular rules stand before general ones.
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
    """Return the explanation of a run, or None for a run that succeeded, is open, or fits no rule."""
    message, body = detail or "", response or ""
    return next((rule.explanation for rule in _RULES if rule.fits(state, status_code, message, body)), None)
