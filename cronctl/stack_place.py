"""The place that a stack names: its database and its schema.

Whoever only reads needs no more of a stack than that, and three plain values say it. So the catalogue stays unread;
its mistakes are told by those who need it.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from components.catalogue.stack_file import plain_values
from components.errors import Error, InvalidConfiguration
from components.values.choices import DEFAULT_SCHEMA
from components.values.limits import NAME_BYTES
from components.values.schema_name import schema_name
from components.values.variables import URL_VARIABLE
from cronctl import late
from cronctl.place import Place

if TYPE_CHECKING:
    from cronctl.stack_values import StackValues

_BOOLEANS = {True: True, False: False, "true": True, "false": False}


def find_place_of_stack(stack: str | None, root: Path) -> Callable[[], Place]:
    """Begin to find out what a stack names, or the selected one; what is returned waits for it.

    The engine is asked where it alone knows: the database is a secret of the stack's, or a value is not in clear.
    Both raise InvalidConfiguration or another Error.
    """
    place = None
    if stack is not None and os.environ.get(URL_VARIABLE):
        place = _place(plain_values(root, stack, ("schema", "allowUnverifiedTls")))
    if place is not None:
        return lambda: place
    with database_is_missed(stack):
        asked = late.stack_values.ask_values(stack, root)
    return lambda: _of_stack(stack, asked)


@contextmanager
def database_is_missed(stack: str | None) -> Iterator[None]:
    """Say how a database is named, where nobody named one and no stack can be asked for it."""
    try:
        yield
    except InvalidConfiguration:
        raise
    except Error as exc:
        if stack is None and not os.environ.get(URL_VARIABLE):
            how = f"set {URL_VARIABLE} in the environment, or give --database"
            raise Error(f"no database to connect to; {how}, or let a stack say it ({exc})") from None
        raise


def _of_stack(stack: str | None, asked: Callable[[], "StackValues"]) -> Place:
    with database_is_missed(stack):
        values = asked()
    if (place := _place(values.values)) is not None:
        return place
    settings = late.stack.config_of(values).settings  # which says what is wrong with them
    url = settings.database_url.get_secret_value() if settings.database_url else None
    return Place(settings.schema_name, settings.allow_unverified_tls, url)


def _place(values: Mapping[str, object] | None) -> Place | None:
    """The place that plain values name; None where they are missing or not as they should be."""
    if values is None:
        return None
    schema = values.get("schema") or DEFAULT_SCHEMA
    allowed = values.get("allowUnverifiedTls") or False
    url = values.get("databaseUrl") or None
    if not isinstance(schema, str) or not isinstance(allowed, bool | str) or not isinstance(url, str | None):
        return None
    try:
        schema_name(schema)
        return Place(schema, _BOOLEANS[allowed], url) if len(schema.encode()) <= NAME_BYTES else None
    except (ValueError, KeyError):
        return None
