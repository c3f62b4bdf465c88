"""Function bodies, table definitions and long catalog queries: one ``.sql`` file a thing, loaded by name."""

import functools
from pathlib import Path

_FOLDER = Path(__file__).parent


@functools.cache
def load_sql(name: str) -> str:
    """The text of ``components/sql/<name>.sql``; placeholders are filled with ``psycopg.sql.SQL(...).format(...)``."""
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")
