"""A rule that explains how a run ended: its conditions and its sentences. Pure.

Sentences are fixed. They repeat nothing of an answer or an error, which may quote a secret.
"""

import re
from collections.abc import Container
from typing import NamedTuple

LOGS = "the function's logs (Dashboard, Edge Functions, Logs)"
RETRY = "let it be tried again with http.retry in jobs.yaml"


class Explanation(NamedTuple):
    """A sentence on why a run failed or was skipped, and one on what to do."""

    cause: str
    next_step: str


class CauseRule(NamedTuple):
    """A rule fits where all its conditions do; ``detail`` and ``response`` are regular expressions."""

    explanation: Explanation
    states: Container[str]
    status: Container[int | None]
    detail: str
    response: str

    def fits(self, state: str, status_code: int | None, detail: str, response: str) -> bool:
        """Whether the rule explains a run of the ledger."""
        return (
            state in self.states
            and status_code in self.status
            and re.search(self.detail, detail) is not None
            and re.search(self.response, response) is not None
        )


FAILED = ("failed", "exhausted")  # an exhausted run keeps detail and response of its last attempt
NO_ANSWER = (None,)


def answered(
    status: Container[int | None], cause: str, next_step: str, *, body: str = "", detail: str = ""
) -> CauseRule:
    """Return a rule for an answer of the endpoint; ``body`` is a pattern for the part that the ledger keeps."""
    return CauseRule(Explanation(cause, next_step), FAILED, status, detail, body)


def unanswered(
    detail: str,
    cause: str,
    next_step: str,
    *,
    states: Container[str] = FAILED,
    status: Container[int | None] = NO_ANSWER,
) -> CauseRule:
    """Return a rule for a run without an answer, by its detail, which pg_net, pg_cron or the ledger wrote."""
    return CauseRule(Explanation(cause, next_step), states, status, f"(?i:{detail})", "")


def statement_error(message: str, cause: str, next_step: str) -> CauseRule:
    """Return a rule for an error of PostgreSQL, by its first line; later lines quote the job's own statement."""
    return unanswered(rf"^(?:ERROR|FATAL):.*(?:{message})", cause, next_step)
