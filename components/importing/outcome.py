"""What becomes of each job of a database, with every reason and every note as one value that can be counted. Pure."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Literal, NamedTuple

Kind = Literal["exact", "noted", "sql", "refused", "skipped"]
"""exact: sends the same; noted: so, with notes; sql: the SQL is kept; refused: it cannot be; skipped: it is there."""


class Place(NamedTuple):
    """The place of a value that is read at run time; ``original`` is its name there."""

    key: str
    kind: Literal["get_secret", "vault", "table", "setting", "literal"]
    original: str


class Where(NamedTuple):
    """A job of pg_cron; ``name`` is empty for one without a name."""

    jobid: int
    name: str = ""

    def __str__(self) -> str:
        return f"job {self.jobid} ({self.name!r})" if self.name else f"job {self.jobid} (without a name)"


class Note(Enum):
    """What is to be known of a job that is carried over; ``{}`` is the detail."""

    KEY_LIFTED = "holds a key in clear, {}, which becomes the secret {!r}; make a new one, since many have read this"
    QUERY = "a key stands in the query of the address, where servers log it; send it in a header if you can"
    BROKEN = "fails as it is written, and is kept so: {}"
    MEANT = "was probably meant as a request, which --force writes in its place"
    UNNAMED = "has no name, and pg_cron names no job that exists: up makes {!r} anew; then run: {}"
    SAME_AS = "does the same as {}"
    SAME_KEY = "reads {!r}, which jobs.yaml declares already; see that its value is the same"
    STRIPS = "{} takes quotes or blanks off its value, and get_secret here gives it as it is; set it without them"
    UNSET_SETTING = "went on without {!r} where that was not set; here such a run fails and sends nothing"
    UNPARSED = "is SQL that the parser of PostgreSQL {} does not read, and is kept: {}"
    UNKNOWN_REQUEST = "may send a request, whose answer is not judged"
    KEPT = "is kept as sql: {}"
    WARNING = "{}"


class Reason(Enum):
    """Why something is no request of the catalogue, or is not taken at all; ``{}`` is the detail."""

    STATEMENTS = "it has {} statements"
    NO_CALL = "it is no call of a function of pg_net's"
    MORE = "it does more than one call of pg_net's"
    OTHER_FUNCTION = "{} is no function of pg_net's"
    ARGUMENTS = "its arguments are none that {} takes: {}"
    FUNCTION = "what {} returns is not known here"
    EXPRESSION = "{} is worked out when it runs"
    TEXT_FORM = "{} has a text that depends on its type"
    DEFAULT = "it falls back on another value where {} is missing"
    NOT_JSON = "a text that it makes JSON of is none"
    PARAMS = "it gives params, which become a query only when it runs; write them into the url"
    BODY = "its body is {}"
    PLACE_IN_BODY = "its body holds {}, and a body has no places"
    KEY_IN_BODY = "its body holds a key in clear ({}), and a body is sent as it is written"
    KEY_PART = "a key in clear ({}) is a part of its {}, which is no secret by itself"
    HEADERS = "its headers {}"
    TIMEOUT = "its timeout {}"
    NUMBER = "a number in it would be sent in another form ({})"
    CHARACTER = "it holds a character that no template has"
    PLACEHOLDER = "it holds a placeholder that somebody was to replace: {}"
    CATALOGUE = "the catalogue refuses it: {}"
    NAME = "its name cannot be kept: {}"
    SCHEDULE = "its schedule cannot be kept: {}"
    KEY = "its SQL holds a key in clear ({}), which cannot be lifted since {}; put get_secret('its_key') in its place"
    ROLE = "it belongs to the role {}; connect as that role, and import it from there"
    DATABASE = "it runs in the database {}; connect to that, where pg_net and a store of its own would have to be"
    OURS = "the stack {} declares it already"
    DECLARED = "jobs.yaml has a job of this name already"
    DECLARED_UNNAMED = "jobs.yaml has the same job already, and this one has no name"
    OWN_NAME = "its name is one of this project's own jobs"


class Told(NamedTuple):
    """A note or a reason, and what it is about."""

    what: Note | Reason
    where: Where
    details: tuple[object, ...] = ()

    @property
    def sentence(self) -> str:
        """The sentence, without its subject."""
        text: str = self.what.value
        return text.format(*self.details)


class Outcome(NamedTuple):
    """What becomes of a job.

    ``job`` is the entry as YAML data, if there is one, for the ``name``; ``meant`` another one that was probably meant.
    ``asks`` are the places of values that a person has to set.
    """

    kind: Kind
    where: Where
    name: str = ""
    job: Mapping[str, Any] | None = None
    notes: tuple[Told, ...] = ()
    asks: tuple[Place, ...] = ()
    reason: tuple[Told, ...] = ()
    meant: Mapping[str, Any] | None = None


class NoCall(Exception):
    """A command, or a part of it, that the catalogue cannot say."""

    def __init__(self, what: Reason, *details: object) -> None:
        self.what, self.details = what, details
        super().__init__(what.value.format(*details))


class Broken(NoCall):
    """A command that fails as it is written."""
