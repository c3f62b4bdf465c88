"""Function bodies, table definitions and long catalog queries: one ``.sql`` file a thing, in a folder a subject.

Files are loaded by name alone, so no two have the same.
"""

import functools
from pathlib import Path

from psycopg import sql

FOLDER = Path(__file__).parent


@functools.cache
def load_sql(name: str) -> sql.SQL:
    """The text of ``components/sql/<subject>/<name>.sql``, whose ``{places}`` are filled with ``format``."""
    return sql.SQL(_files()[name].read_text(encoding="utf-8"))


@functools.cache
def _files() -> dict[str, Path]:
    return {path.stem: path for path in FOLDER.glob("*/*.sql")}
