"""The request that a curl command line makes, and what curl prints and answers by it. Pure."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from components.workflows.curl_options import Option, read_options
from components.workflows.outcome import Note, Reason, Refused
from components.workflows.value import Answer, Known, Opaque, Piece, Value, joined, known, text_of

METHODS = ("GET", "POST", "DELETE")

QUIET = frozenset(
    """
    silent no-silent show-error no-show-error verbose no-verbose progress-bar no-progress-meter no-buffer no-keepalive
    http1.1 http2 http2-prior-knowledge http3 tlsv1 tlsv1.0 tlsv1.1 tlsv1.2 tlsv1.3 ipv4 ipv6 disable stderr
    tcp-nodelay tcp-fastopen globoff keepalive-time create-dirs ssl-reqd disable-epsv
    proto proto-default trace-time styled-output no-styled-output fail-early retry-max-time retry-connrefused
    remote-time http1.0 parallel
    """.split()  # noqa: SIM905 - data
)
"""Options that change nothing of what arrives, and nothing of what is red."""

_DATA = ("data", "data-ascii", "data-raw", "data-binary", "json")
_VARIABLE = re.compile(r"%\{([\w.-]+)\}|%(%)|\\([nrt\\])")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}


@dataclass(frozen=True)
class Request:
    """A request. ``timeout`` is in seconds, ``retries`` (how often again, seconds between) or None."""

    method: str
    url: Value
    headers: tuple[tuple[str, Value], ...] = ()
    body: Value | None = None
    content_type: str | None = None
    timeout: float | None = None
    retries: tuple[int, float] | None = None
    follows: bool = False
    notes: tuple[tuple[Note, tuple[object, ...]], ...] = ()


@dataclass(frozen=True)
class Printing:
    """What curl does with the answer: ``fails`` with -f, ``file`` by -o, ``form`` by -w, ``headers`` by -i."""

    fails: bool = False
    keeps_body: bool = True
    file: Value | None = None
    form: Value = ()
    headers: bool = False
    header_file: Value | None = None

    def output(self, call: str, status: int) -> tuple[Value, Value]:
        """What goes to stdout, and what to the file, for an answer with this status; 0 stands for none."""
        body: Value = (Answer(call),) if status and (self.keeps_body or not self.fails or status < 400) else ()
        if self.headers:
            body = (Opaque(Reason.RULE, (": it looks at the answer's headers",)), *body)
        written = self._written(call, status)
        return (written, body) if self.file is not None else (joined([body, written]), ())

    def _written(self, call: str, status: int) -> Value:
        text = text_of(self.form)
        if text is None:
            return (Opaque(Reason.RULE, (": curl prints what is not known here",)),)
        pieces: list[Piece] = []
        at = 0
        for found in _VARIABLE.finditer(text):
            if found.start() > at:
                pieces.append(Known(text[at : found.start()]))
            at = found.end()
            if found[1] in {"http_code", "response_code"}:
                pieces.append(Known(f"{status:03}", status_of=call))
            elif found[1]:
                pieces.append(Opaque(Reason.RULE, (f": it looks at curl's {found[1]}",)))
            else:
                pieces.append(Known(found[2] or _ESCAPES[found[3]]))
        if at < len(text):
            pieces.append(Known(text[at:]))
        return tuple(pieces)


@dataclass
class _Made:
    urls: list[Value] = field(default_factory=list)
    headers: list[tuple[str, Value]] = field(default_factory=list)
    data: list[Value] = field(default_factory=list)
    notes: list[tuple[Note, tuple[object, ...]]] = field(default_factory=list)
    is_json: bool = False
    method: str | None = None
    timeout: float | None = None
    retry: int | None = None
    delay: float = 1
    follows: bool = False
    globs: bool = True


def read_request(
    arguments: list[Value], line: int, read_file: Callable[[str], Value | None]
) -> tuple[Request, Printing]:
    """The request of curl's arguments; ``read_file`` gives what stands in a file, ``-`` being stdin.

    Raises Refused.
    """
    made, printing = _Made(), Printing()
    for option in read_options(arguments, line):
        if (changed := _print_option(option, printing, line)) is not None:
            printing = changed
        else:
            _request_option(option, made, line, read_file)
    return _request(made, line), printing


def _print_option(option: Option, printing: Printing, line: int) -> Printing | None:  # noqa: PLR0911
    """The printing with an option that is about it, or None for another option."""
    match option.name:
        case "fail" | "fail-with-body" if printing.fails and printing.keeps_body is not (option.name != "fail"):
            raise Refused(Reason.OPTION, line, "--fail beside --fail-with-body")
        case "fail":
            return _with(printing, fails=True, keeps_body=False)
        case "fail-with-body":
            return _with(printing, fails=True, keeps_body=True)
        case "output":
            return _with(printing, file=option.value)
        case "write-out":
            return _with(printing, form=option.value)
        case "include":
            return _with(printing, headers=True)
        case "dump-header":
            return _with(printing, header_file=option.value)
        case "remote-name":
            return _with(printing, file=known("remote-name"))
    return None


def _with(printing: Printing, **changes: object) -> Printing:
    return replace(printing, **changes)  # type: ignore[arg-type]


def _request_option(  # noqa: PLR0912 - a line for each option
    option: Option, made: _Made, line: int, read_file: Callable[[str], Value | None]
) -> None:
    name, value = option
    match name:
        case "url":
            made.urls.append(value)
        case "request":
            made.method = _text(value, line)
        case "header":
            _header(value, made, line)
        case "oauth2-bearer":
            made.headers.append(("Authorization", joined([known("Bearer "), value])))
        case "user-agent":
            made.headers.append(("User-Agent", value))
        case "referer":
            made.headers.append(("Referer", value))
        case "max-time":
            made.timeout = _number(value, line)
        case "retry":
            made.retry = int(_number(value, line))
        case "retry-delay":
            made.delay = _number(value, line) or 1
        case "retry-all-errors":
            pass
        case "connect-timeout":
            made.notes.append((Note.PARSED_TIMEOUT, ()))
        case "compressed":
            made.notes.append((Note.COMPRESSED, ()))
        case "location":
            made.follows = True
        case name if name in _DATA:
            made.is_json |= name == "json"
            made.data.append(_data(name, value, line, read_file))
        case name if name not in QUIET:
            raise Refused(Reason.OPTION, line, f"--{name}")
    if name == "globoff":
        made.globs = False


def _text(value: Value, line: int) -> str:
    text = text_of(value)
    if text is None:
        raise Refused(Reason.RUN_TIME, line, "")
    return text


def _number(value: Value, line: int) -> float:
    try:
        return float(_text(value, line))
    except ValueError:
        raise Refused(Reason.UNKNOWN_OPTION, line, "whose number is none") from None


def _header(value: Value, made: _Made, line: int) -> None:
    first = value[0].text if value and isinstance(value[0], Known) else ""
    if first.startswith("@"):
        raise Refused(Reason.FILE, line, "for its headers")
    name, colon, rest = first.partition(":")
    if not colon:
        raise Refused(Reason.HEADER, line, "has no name that is known here" if not first.endswith(";") else "is empty")
    rest = rest.lstrip(" \t")
    inputs = value[0].inputs if isinstance(value[0], Known) else frozenset()
    content = [*((Known(rest, inputs),) if rest else ()), *value[1:]]
    if content and isinstance(last := content[-1], Known):
        content[-1] = Known(last.text.rstrip(" \t"), last.inputs, last.status_of)
    if not content or content == [Known("")]:
        if name.lower() == "expect":
            return
        raise Refused(Reason.HEADER, line, f"{name} is taken out, which pg_net cannot do")
    made.headers.append((name.strip(), tuple(content)))


def _data(name: str, value: Value, line: int, read_file: Callable[[str], Value | None]) -> Value:
    first = value[0] if value else None
    if name == "data-raw" or not isinstance(first, Known) or not first.text.startswith("@"):
        return value
    file = text_of((Known(first.text[1:]), *value[1:]))
    content = read_file(file) if file is not None else None
    if content is None:
        raise Refused(Reason.FILE, line, file or "whose name is not known here")
    if name in {"data-binary", "json"}:
        return content
    return tuple(
        Known(re.sub(r"[\r\n\0]", "", piece.text), piece.inputs, piece.status_of) if isinstance(piece, Known) else piece
        for piece in content
    )


def _request(made: _Made, line: int) -> Request:
    if len(made.urls) != 1:
        raise Refused(Reason.ADDRESS, line, "is missing" if not made.urls else "is not the only one")
    url = made.urls[0]
    if made.globs and any(isinstance(piece, Known) and re.search(r"[\[\]{}]", piece.text) for piece in url):
        raise Refused(Reason.ADDRESS, line, "has brackets or braces, of which curl makes several")
    body = None
    if made.data:
        body = joined(_separated(made.data, "" if made.is_json else "&"))
    headers, content_type = _headers(made, line)
    method = made.method or ("GET" if body is None else "POST")
    if method not in METHODS:
        raise Refused(Reason.METHOD, line, method[:20] or "nothing")
    if method == "GET" and body is not None:
        raise Refused(Reason.GET_BODY, line)
    retries = (made.retry, made.delay) if made.retry else None
    return Request(
        method, url, headers, body, content_type, made.timeout, retries, made.follows, tuple(dict.fromkeys(made.notes))
    )


def _separated(parts: list[Value], separator: str) -> Iterable[Value]:
    for at, part in enumerate(parts):
        if at and separator:
            yield known(separator)
        yield part


def _headers(made: _Made, line: int) -> tuple[tuple[tuple[str, Value], ...], str | None]:
    """The headers without Content-Type, and its value, None where curl sends a form's or none."""
    names = [name.lower() for name, _ in made.headers]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise Refused(Reason.HEADER, line, f"{twice} is given twice")
    content_type = None
    headers = []
    for name, value in made.headers:
        if name.lower() == "content-type":
            content_type = _text(value, line)
        else:
            headers.append((name, value))
    if made.is_json:
        content_type = content_type or "application/json"
        if "accept" not in names:
            headers.append(("Accept", known("application/json")))
    if "user-agent" in names:
        made.notes.append((Note.USER_AGENT, ()))
    return tuple(headers), content_type
