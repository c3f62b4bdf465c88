"""The warning before a key expires. Pure."""

from datetime import datetime

from components.values.duration import DAY_SECONDS

EXPIRES_SOON = 14
"""Days before the expiry of a JWT from which on a warning comes."""


def expiry_warning(expires: float | None, now: datetime) -> str | None:
    """The end of a sentence on a JWT that expires soon; None of any other. ``expires`` is in seconds since 1970."""
    if expires is None:
        return None
    days = (expires - now.timestamp()) / DAY_SECONDS
    if not 0 < days <= EXPIRES_SOON:
        return None
    left = "less than a day" if days < 1 else f"{int(days)} day{'s' if days >= 2 else ''}"
    return f"is a JWT that expires in {left}, and every job that sends it fails then; set a new one before"
