"""What becomes of each call of a workflow, with every reason and every note as one value that can be counted. Pure."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Literal, NamedTuple

Kind = Literal["exact", "noted", "sql", "undecided", "refused"]
"""exact: sends the same; noted: the same but for what the notes say; undecided: a person has to decide; refused: no."""


class Place(NamedTuple):
    """The place of a value that is read at run time.

    ``original`` is its name there; ``otherwise`` says in words what it is where nobody has set it.
    """

    key: str
    kind: Literal["github_secret", "variable", "literal", "address"]
    original: str
    otherwise: str = ""
    environment: str = ""


Text = tuple[str | Place, ...]


class Where(NamedTuple):
    """A file, as it was named, and a line in it (from 1)."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Note(Enum):
    """What is not quite the same, though the request is; ``{}`` is the detail."""

    JSON_REWRITTEN = "its JSON goes out as PostgreSQL writes it: {}"
    NO_BODY = "curl sent no body, and pg_net posts {{}} with Content-Type: application/json"
    FORM_TYPE = "curl announced its JSON as a form, since no Content-Type was given; here it is application/json"
    CONTENT_TYPE = "Content-Type was {}; pg_net posts application/json alone"
    NO_TIMEOUT = "curl waited without a limit; here it is {}"
    LONG_TIMEOUT = "curl waited up to {}; pg_net's answers count up to 150 s on Supabase"
    SHORT_PERIOD = "the timeout is cut to {}, the time between two runs"
    RETRY_RHYTHM = "its retries have another rhythm: the second attempt goes out with a sweep, so within a minute"
    SWALLOWED = "failures never turned red there and will show here"
    GUARD = "did nothing where {} was not set; here such a run fails"
    ORDER_LOST = "ran after {} there, and only where that was well; here each runs by itself"
    CUT_SLASH = "a slash at the end of {} was cut; set it without one"
    SECRET_IN_QUERY = "a key stands in the query of the address, where servers log it; send it in a header if you can"  # noqa: S105
    TEXT_MATCH = "the answer's text was searched for {}; here its JSON is asked"
    NO_JSON_RED = "an answer that is no JSON turned red there; here the status decides"
    USER_AGENT = "pg_net adds its own User-Agent to the one that is given"
    COMPRESSED = "curl asked for a compressed answer; pg_net does not"
    PARSED_TIMEOUT = "curl's limit for the connection alone is left out"
    QUEUE = "a run that was due during another waited there; here it is left out (overlap: skip)"
    CANCELLED = "a newer run cancelled the one under way there; here both requests are sent"
    FLOOR = "GitHub starts a workflow every 5 minutes at most; here {!r} is meant literally: {}"
    MATRIX = "is one of the {} combinations of a matrix, each of them a job"
    MERGED = "joins {} schedules of the workflow"
    LAST_DAY = "the test for the month's last day became pg_cron's '$'"
    DEFAULT = "{} has a default there"
    KEY_LIFTED = "holds a key in clear; it becomes the secret {}, so make a new one and set that"
    FAILURE_CALL = "calls something else where it fails (line {}); alerts do that here"
    INPUT_RENAMED = "the input {} sets {}"
    CHECKOUT = "{} is left out, since nothing here needs files"


class Reason(Enum):
    """Why something cannot be carried over; ``{}`` is the detail."""

    PROGRAM = "{} is a program that runs on the runner"
    ACTION = "{} is an action of GitHub's, and what it does is not known here"
    REUSED = "{} is a workflow of its own, which is called here"
    SHELL = "its shell is {}, and only bash is read"
    SYNTAX = "its shell script cannot be read with certainty{}"
    CONDITION = "whether {} cannot be known here"
    CLOCK = "it asks the clock{}"
    RUN_NUMBER = "it asks {}, which only GitHub has"
    RUN_TIME = "it sends what is made at run time{}"
    FEEDS = "its answer is used by what comes after it"
    LOOP = "it stands in a loop{}"
    BACKGROUND = "'&' without quotes sends it to the background; in an address it also cuts off the rest"
    OTHER_WORK = "the workflow's job does more than this call, and the rest is not carried over"
    RULE = "the rule of its answer cannot be said in the catalogue{}"
    NEVER_GREEN = "as it is written, no answer is a success"
    METHOD = "{} is no method of pg_net's, which has GET, POST and DELETE"
    OPTION = "curl's {} has no counterpart"
    UNKNOWN_OPTION = "curl has no option {}"
    ADDRESS = "its address {}"
    GET_BODY = "it is a GET with a body, which pg_net cannot send"
    NO_JSON = "its body is no JSON, and pg_net sends nothing else"
    NULL_BODY = "its body is JSON's null, which the catalogue cannot say"
    SECRET_IN_BODY = "its body holds {}, and a body is sent as it is written; send it in a header"  # noqa: S105
    KEY_IN_BODY = "its body holds a key in clear, and a body is sent as it is written; send it in a header"
    FORM = "its Content-Type is {}, and pg_net posts JSON alone"
    HEADER = "its header {}"
    FILE = "it sends a file, {}"
    PLACEHOLDER = "it holds a placeholder that somebody was to replace ({})"
    VARIABLE = "{} is set nowhere in the workflow"
    STEP_OUTPUT = "it depends on what another step or job found out ({})"
    MATRIX = "its matrix cannot be known here{}"
    SCHEDULE = "{}"
    ZONE = "its schedule is by the clock of {}, and a catalogue's job has no time zone yet; write it in UTC"
    DAY_RULE = "its schedule {!r} has two day fields, one with '*' first; pg_cron wants both, others either"
    CATALOGUE = "the catalogue refuses it: {}"
    CONTAINER = "it runs in a container of its own"
    KEY_IN_CLEAR = "holds {} in clear, which is not carried over; make a new one"
    NO_CALL = "does nothing that can be carried over"
    COMMENTED_OUT = "is a comment there, so it does not run"
    SWITCHED_OFF = "never runs by its condition"
    NOT_SCHEDULED = "has no schedule"
    NOT_THIS_SCHEDULE = "runs no job by its conditions"
    ALERT = "runs only after a failure: an alert does that here"


UNDECIDED = frozenset(
    {
        Reason.CONDITION,
        Reason.OTHER_WORK,
        Reason.RULE,
        Reason.DAY_RULE,
        Reason.CLOCK,
        Reason.STEP_OUTPUT,
        Reason.NEVER_GREEN,
    }
)
"""Reasons after which there is an entry that a person may want all the same."""


class Told(NamedTuple):
    """A note or a reason, what it is about, and where."""

    what: Note | Reason
    where: Where
    details: tuple[object, ...] = ()

    @property
    def sentence(self) -> str:
        """The sentence, without its subject."""
        return str(self.what.value).format(*self.details)


class Outcome(NamedTuple):
    """What becomes of a call.

    ``job`` is the entry as YAML data, if there is one, for the ``name``. ``notes`` and ``reason`` tell what is not the
    same; ``asks`` are the places of values that a person has to set. ``subject`` names the call for people.
    """

    kind: Kind
    subject: str
    where: Where
    name: str = ""
    job: Mapping[str, Any] | None = None
    notes: tuple[Told, ...] = ()
    asks: tuple[Place, ...] = ()
    reason: tuple[Told, ...] = ()


class Refused(Exception):
    """Something cannot be carried over; ``told`` says what and where."""

    def __init__(self, what: Reason, line: int, *details: object) -> None:
        self.what, self.line, self.details = what, line, details
        super().__init__(what.value)

    def told(self, file: str) -> Told:
        """The reason with its file."""
        return Told(self.what, Where(file, self.line), self.details)
