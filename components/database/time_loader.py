"""Loaders that read texts of times in the format that our transactions set.

psycopg's own go by the format of the session, which the server reports again at the end of each transaction.
"""

from datetime import datetime

from psycopg.abc import AdaptContext, Buffer
from psycopg.adapt import AdaptersMap, Loader
from psycopg.types.datetime import DateLoader, IntervalLoader, TimestampLoader


class _InstantLoader(Loader):
    """Reads a timestamptz as an aware datetime in UTC."""

    def load(self, data: Buffer) -> datetime:
        return datetime.fromisoformat(bytes(data).decode())


class _DateLoader(DateLoader):
    def __init__(self, oid: int, _context: AdaptContext | None = None) -> None:
        super().__init__(oid)


class _TimestampLoader(TimestampLoader):
    def __init__(self, oid: int, _context: AdaptContext | None = None) -> None:
        super().__init__(oid)


class _IntervalLoader(IntervalLoader):
    def __init__(self, oid: int, _context: AdaptContext | None = None) -> None:
        super().__init__(oid)


def register_pinned_loaders(adapters: AdaptersMap) -> None:
    """Register loaders for the format of PINNED: DateStyle ISO, IntervalStyle postgres, TimeZone UTC."""
    for name, loader in (
        ("timestamptz", _InstantLoader),
        ("timestamp", _TimestampLoader),
        ("date", _DateLoader),
        ("interval", _IntervalLoader),
    ):
        adapters.register_loader(name, loader)
