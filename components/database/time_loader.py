"""How texts of times become values, in the form that our transactions ask for, whatever form the session has.

psycopg goes by the session's, of which the server tells again at the end of each transaction.
"""

from datetime import datetime

from psycopg.abc import AdaptContext, Buffer
from psycopg.adapt import AdaptersMap, Loader
from psycopg.types.datetime import DateLoader, IntervalLoader, TimestampLoader


class _InstantLoader(Loader):
    """A timestamptz, in UTC."""

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
    """Let the texts of times be read so: DateStyle ISO, IntervalStyle postgres, TimeZone UTC."""
    for name, loader in (
        ("timestamptz", _InstantLoader),
        ("timestamp", _TimestampLoader),
        ("date", _DateLoader),
        ("interval", _IntervalLoader),
    ):
        adapters.register_loader(name, loader)
