"""The states of runs."""

OPEN = ("queued", "sent", "retrying")
BAD = ("failed", "timed_out", "lost", "exhausted")
STATES = (*OPEN, "ok", *BAD, "skipped")
"""Every state of a run: on its way, done, or come to nothing."""
