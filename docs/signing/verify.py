"""Verify that a request comes from supabase-cron (``auth: {hmac: …}``): paste this file into your service.

Needs Python 3.10 or newer and nothing else. The scheme, how to rotate a key and what this does not guard against:
docs/signing.md. Tested with docs/signing/vectors.json.
"""

import hashlib
import hmac
import re
import threading
import time
from collections.abc import Callable, Sequence

Remember = Callable[[str, float, float], bool]
"""Remembers a request's id until a moment, and tells whether it was new: (id, until, now), in Unix seconds."""

MIN_KEY_BYTES = 32
"""RFC 2104, section 3: a key shorter than the hash weakens it; an empty one is a variable that nobody set."""

_SIGNATURE = re.compile(r"t=([1-9][0-9]{0,11}),id=([0-9a-f-]{36})((?:,v[0-9]+=[0-9a-f]+)+)")


class CronRequestRefused(Exception):
    """A request that does not prove itself; its text is the reason and may be shown to the caller."""


def verify_cron_request(
    method: str,
    target: str,
    body: bytes,
    signature: str | None,
    keys: Sequence[str],
    *,
    path_prefix: str = "",
    max_age: float = 300,
    max_skew: float = 60,
    remember: Remember | None = None,
    now: float | None = None,
) -> str:
    """Return the request's id when any of its signatures fits any of the keys.

    Args:
        method: as received, upper case.
        target: path and query exactly as they stand in the request line, escapes included.
        body: the bytes as received, before anything parses them.
        signature: the value of ``X-Cron-Signature``, None where there is none.
        keys: the key, and while it is rotated the other one, too.
        path_prefix: what a gateway took off the path, such as ``/functions/v1``.
        max_age: seconds after which a signature is too old.
        max_skew: seconds that the sender's clock may be ahead.
        remember: refuses a request that was accepted before; without it, the same request is accepted for ``max_age``.
        now: the clock, in Unix seconds; for tests.

    Raises:
        CronRequestRefused: the request does not prove itself.
        ValueError: there is no key, or one that is too short; that is the receiver's mistake and no caller's.
    """
    if not keys or any(len(key.encode()) < MIN_KEY_BYTES for key in keys):
        raise ValueError(f"a key to verify cron requests with is missing or shorter than {MIN_KEY_BYTES} bytes")
    if signature is None:
        raise CronRequestRefused("the signature is missing")
    parts = _SIGNATURE.fullmatch(signature)
    if parts is None:
        raise CronRequestRefused("the signature is malformed")
    timestamp, request_id, listed = parts.groups()
    now = time.time() if now is None else now
    if int(timestamp) < now - max_age:
        raise CronRequestRefused("the signature is too old")
    if int(timestamp) > now + max_skew:
        raise CronRequestRefused("the signature is from the future")

    message = f"v1\n{method}\n{path_prefix}{target}\n{timestamp}\n{request_id}\n".encode() + body
    signatures = [each.removeprefix("v1=") for each in listed.split(",") if each.startswith("v1=")]
    fits = False
    for key in keys:
        expected = hmac.new(key.encode(), message, hashlib.sha256).hexdigest()
        for each in signatures:
            fits = hmac.compare_digest(expected, each) or fits
    if not fits:
        raise CronRequestRefused("the signature fits no key")
    if remember is not None and not remember(request_id, int(timestamp) + max_age, now):
        raise CronRequestRefused("the request is a replay")
    return request_id


class RememberInMemory:
    """A memory for a receiver that is one process; several need a table (docs/signing.md)."""

    def __init__(self) -> None:
        self._ids: dict[str, float] = {}
        self._lock = threading.Lock()

    def __call__(self, request_id: str, until: float, now: float) -> bool:
        """Remember an id until a moment; whether it was new."""
        with self._lock:
            self._ids = {known: end for known, end in self._ids.items() if end >= now}
            if request_id in self._ids:
                return False
            self._ids[request_id] = until
            return True
