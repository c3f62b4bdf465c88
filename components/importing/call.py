"""The data between the parts of an import: a job's row, what its server says, and the request that is in it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from components.importing.outcome import Place

Text = tuple[str | Place, ...]
"""A text in parts: what stands there, and places of values that are read at run time."""


class Number(NamedTuple):
    """A number as PostgreSQL's numeric writes it: ``1.50`` keeps its zero, ``1e3`` is ``1000``."""

    text: str


class JsonText(NamedTuple):
    """A text inside of JSON."""

    parts: Text


Json = Mapping[str, "Json"] | list["Json"] | JsonText | Number | bool | None
"""JSON whose texts may have places and whose numbers keep their digits."""


class CronRow(NamedTuple):
    """A row of ``cron.job``; ``name`` is None for a job without a name.

    ``failure`` is the server's sentence where it would not even plan the command's statement, with its SQLSTATE.
    """

    jobid: int
    name: str | None
    schedule: str
    command: str
    database: str
    role: str
    active: bool = True
    failure: str | None = None


class KeptRow(NamedTuple):
    """A row of a table of secrets: whether its value is a placeholder, and whether quotes or blanks are around it."""

    key: str
    is_placeholder: bool | None
    is_padded: bool | None


class Signature(NamedTuple):
    """A function of pg_net's as the server has it: its schema, its parameters in order, and their defaults as SQL.

    ``visible`` is true where the job's role finds it without its schema.
    """

    schema: str
    name: str
    parameters: tuple[str, ...]
    defaults: Mapping[str, str]
    visible: bool = False


class Reader(NamedTuple):
    """A function that stands for a value: the table that it reads, the key, and whether it strips the value.

    ``table`` is empty for ``cron_secrets`` and ``vault`` for Vault; ``key`` is None where the function's one argument
    is the key.
    """

    table: str
    key: str | None
    strips: bool = False


@dataclass(frozen=True)
class Server:
    """What a database says about itself, as far as commands depend on it.

    ``readers`` are functions by name, with and without their schema where they are visible.
    """

    role: str
    database: str
    signatures: tuple[Signature, ...] = ()
    readers: Mapping[str, Reader] = field(default_factory=dict)


@dataclass(frozen=True)
class HttpRequest:
    """A request as pg_net would have queued it; ``timeout`` in milliseconds, ``body`` is None without one.

    ``has_body`` tells a body that is JSON's null from none.
    """

    method: str
    url: Text
    headers: Mapping[str, Text]
    body: Json
    has_body: bool
    timeout: int
