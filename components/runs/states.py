"""The states of runs."""

OPEN = ("queued", "sent", "retrying")
BAD = ("failed", "timed_out", "lost", "exhausted")
STATES = (*OPEN, "ok", *BAD, "skipped")
"""Every state of a run: under way, successful, failed in some way, or skipped by a policy."""
