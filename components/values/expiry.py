"""When a key that expires is warned of. Pure."""

from datetime import datetime

DAY_SECONDS = 86400
EXPIRES_SOON = 14
"""Days before its expiry from which on a JWT is warned of."""


def expiry_warning(expires: float | None, now: datetime) -> str | None:
    """The end of a sentence on a JWT that expires soon, in seconds since 1970; None of any other."""
    if expires is None:
        return None
    days = (expires - now.timestamp()) / DAY_SECONDS
    if not 0 < days <= EXPIRES_SOON:
        return None
    left = "less than a day" if days < 1 else f"{int(days)} day{'s' if days >= 2 else ''}"
    return f"is a JWT that expires in {left}, and every job that sends it fails then; set a new one before"
