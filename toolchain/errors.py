"""The one kind of failure here."""


class ToolchainError(Exception):
    """The engine cannot be made available; the text is one sentence on what failed and what to do."""
