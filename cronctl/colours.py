"""The colours of states, verdicts and findings: bad ones stand out. No colour is the only sign of anything."""

from components.runs.states import BAD, OPEN

_RED = {*BAD, "differs", "missing", "problem", "refused"}
_YELLOW = {*OPEN, "paused", "undeclared", "not deployed", "cannot tell", "warning"}
_GREEN = {"ok", "in sync"}

COLOURED = ("state", "verdict", "status", "level", "next run")
"""The columns of tables whose cells begin with such a word."""


def style_of(text: str) -> str | None:
    """The style of a cell or a state, by its first word, or by all of it: ``failed (401) x3``."""
    words = {text, text.partition(" ")[0].rstrip(",")}
    for style, known in (("red", _RED), ("yellow", _YELLOW), ("green", _GREEN)):
        if words & known:
            return style
    return None
