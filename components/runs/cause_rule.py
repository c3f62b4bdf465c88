"""A rule that explains how a run ended: what it looks at, and the sentences that it says. Pure.

Sentences are fixed: nothing of an answer or an error, which may quote a secret, is ever repeated.
"""

import re
from collections.abc import Container
from typing import NamedTuple

LOGS = "the function's logs (Dashboard, Edge Functions, Logs)"
RETRY = "let it be tried again with http.retry in jobs.yaml"


class Explanation(NamedTuple):
    """One sentence on why, and one on what to do."""

    cause: str
    next_step: str


class CauseRule(NamedTuple):
    """``states``, ``status`` and the patterns of detail and response must all fit."""

    explanation: Explanation
    states: Container[str]
    status: Container[int | None]
    detail: str
    response: str

    def fits(self, state: str, status_code: int | None, detail: str, response: str) -> bool:
        return (
            state in self.states
            and status_code in self.status
            and re.search(self.detail, detail) is not None
            and re.search(self.response, response) is not None
        )


FAILED = ("failed", "exhausted")  # an exhausted run keeps what its last attempt ended with
NO_ANSWER = (None,)


def answered(
    status: Container[int | None], cause: str, next_step: str, *, body: str = "", detail: str = ""
) -> CauseRule:
    """A rule for an answer that the endpoint gave; ``body`` is looked for in the piece of it that is kept."""
    return CauseRule(Explanation(cause, next_step), FAILED, status, detail, body)


def unanswered(
    detail: str,
    cause: str,
    next_step: str,
    *,
    states: Container[str] = FAILED,
    status: Container[int | None] = NO_ANSWER,
) -> CauseRule:
    """A rule for a run without an answer: what pg_net, pg_cron or the ledger itself tells of it."""
    return CauseRule(Explanation(cause, next_step), states, status, f"(?i:{detail})", "")


def statement_error(message: str, cause: str, next_step: str) -> CauseRule:
    """A rule for an error of PostgreSQL, told by its first line: those below quote the job's own statement."""
    return unanswered(rf"^(?:ERROR|FATAL):.*(?:{message})", cause, next_step)
