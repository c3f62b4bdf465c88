"""Function bodies, table definitions and long catalog queries: one ``.sql`` file a thing, loaded by name."""

import functools
from pathlib import Path

from psycopg import sql

_FOLDER = Path(__file__).parent


@functools.cache
def load_sql(name: str) -> sql.SQL:
    """The text of ``components/sql/<name>.sql``, whose ``{places}`` are filled with ``format``."""
    return sql.SQL((_FOLDER / f"{name}.sql").read_text(encoding="utf-8"))
