"""A request with its rule as an entry of the catalogue, and what is not the same about it. Pure."""

import re
from dataclasses import dataclass, field
from typing import Any

from components.schedule.schedule import Schedule
from components.values.duration import in_words
from components.values.limits import PLATFORM_TIMEOUT
from components.values.loopback import is_loopback
from components.workflows.curl_request import Request
from components.workflows.json_body import as_jsonb, inputs_of, json_of, refuse_unknown
from components.workflows.lifting import lift_address, lift_header
from components.workflows.outcome import Note, Place, Reason, Refused, Text
from components.workflows.value import Known, Piece, Value, places_of
from components.workflows.verdict import Judged
from components.workflows.workflow import Workflow, WorkflowJob

MAX_ATTEMPTS = 20
_CONTENT_TYPE = "application/json"
_SHOWN = 80


@dataclass
class Draft:
    """An entry whose texts still have places, and its notes with their lines."""

    http: dict[str, Any]
    inputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: list[tuple[Note, int, tuple[object, ...]]] = field(default_factory=list)

    def places(self) -> list[tuple[Place, str]]:
        """The places in its texts, each with where it stands: url, header or bearer."""
        found = [
            (place, "url" if at == 0 else "") for at, place in enumerate(self.http["url"]) if isinstance(place, Place)
        ]
        found += [
            (place, "") for text in self.http.get("headers", {}).values() for place in text if isinstance(place, Place)
        ]
        if "auth" in self.http:
            found.append((self.http["auth"], ""))
        return found


def draft(judged: Judged, workflow: Workflow, job: WorkflowJob, schedule: Schedule | None) -> Draft:
    """The entry of a call. Raises Refused."""
    request, line = judged.call.request, judged.call.line
    if request is None:
        raise Refused(Reason.NO_CALL, line)
    made = Draft({"method": request.method})
    made.notes += [(note, line, details) for note, details in request.notes]
    made.http["url"] = _address(request.url, made, line)
    _headers(request, made, line)
    _body(request, made, workflow, line)
    _policies(judged, request, made, workflow, job, schedule)
    return made


def host_of(url: Value) -> str:
    """The host of an address, as far as it is known, as words."""
    first = url[0] if url else None
    if isinstance(first, Place):
        return first.original
    text = first.text if isinstance(first, Known) else ""
    return re.sub(r"^https?://", "", text).partition("/")[0].partition("?")[0]


def _address(url: Value, made: Draft, line: int) -> Text:
    for piece in url:
        refuse_unknown(piece, line)
    if not url:
        raise Refused(Reason.ADDRESS, line, "is empty")
    first = url[0]
    if isinstance(first, Known) and not re.match(r"https?://", first.text):
        raise Refused(Reason.ADDRESS, line, "does not begin with https://")
    if any(isinstance(piece, Known) and re.match(r"(?:https?://)?[^/?]*@", piece.text) for piece in url):
        raise Refused(Reason.ADDRESS, line, "has a user name or a password before its host")
    if is_loopback(host_of(url).partition(":")[0]):
        raise Refused(Reason.ADDRESS, line, "is the runner itself")
    value = lift_address(url, host_of(url), line)
    value = _with_whole_host(value)
    if any(isinstance(piece, Place) for piece in value[1:]) and "?" in "".join(
        piece.text if isinstance(piece, Known) else "" for piece in value
    ):
        made.notes.append((Note.SECRET_IN_QUERY, line, ()))
    return _text(value)


def _text(value: Value) -> Text:
    return tuple(
        piece.text if isinstance(piece, Known) else piece for piece in value if isinstance(piece, Known | Place)
    )


def _with_whole_host(value: Value) -> Value:
    """An address that begins with one secret up to the end of its host, where it would have several parts."""
    end, places = 0, 0
    for at, piece in enumerate(value):
        text = piece.text if isinstance(piece, Known) else ""
        places += isinstance(piece, Place)
        body = text.partition("://")[2] if at == 0 and text else text
        found = re.search(r"[/?]", body)
        if found:
            end = at
            cut = len(text) - len(body) + found.start()
            break
    else:
        end, cut = len(value), 0
    if (
        places == 0
        or (isinstance(value[0], Place) and (end, cut) == (1, 0))
        or (isinstance(value[0], Place) and len(value) == 1)
    ):
        return value
    last = value[end] if end < len(value) else None
    head: list[Piece] = [*value[:end]]
    rest: list[Piece] = [*value[end + 1 :]]
    if isinstance(last, Known):
        if last.text[:cut]:
            head.append(Known(last.text[:cut]))
        rest.insert(0, Known(last.text[cut:], last.inputs))
    shown = "".join(
        piece.text if isinstance(piece, Known) else f"<{piece.original}>"
        for piece in head
        if isinstance(piece, Known | Place)
    )
    names = "_".join(place.original for place in places_of(tuple(head)))
    environment = next((place.environment for place in places_of(tuple(head))), "")
    whole = Place("", "address", f"{names}_URL", shown, "" if environment.startswith("#") else environment)
    return (whole, *rest)


def _headers(request: Request, made: Draft, line: int) -> None:
    headers: dict[str, Text] = {}
    for name, value in request.headers:
        for piece in value:
            refuse_unknown(piece, line)
        lifted = lift_header(name, value, host_of(request.url), line)
        text = _text(lifted)
        if name.lower() == "authorization" and len(text) == 2 and text[0] == "Bearer " and isinstance(text[1], Place):
            made.http["auth"] = text[1]
        else:
            headers[name] = text
    given = request.content_type
    if given is not None:
        if request.method == "GET" or (request.method == "DELETE" and request.body is None) or given == _CONTENT_TYPE:
            headers["Content-Type"] = (given,)
        elif re.match(r"application/json\s*;", given, re.IGNORECASE) or given.lower() == _CONTENT_TYPE:
            made.notes.append((Note.CONTENT_TYPE, line, (given,)))
        else:
            raise Refused(Reason.FORM, line, given)
    if headers:
        made.http["headers"] = headers


def _body(request: Request, made: Draft, workflow: Workflow, line: int) -> None:
    body = request.body
    if body is None or not any(not isinstance(piece, Known) or piece.text for piece in body):
        if request.method == "POST":
            made.notes.append((Note.NO_BODY, line, ()))
        return
    value, text = json_of(body, line)
    made.http["body"] = value
    if request.content_type is None:
        made.notes.append((Note.FORM_TYPE, line, ()))
    written = as_jsonb(value)
    if written != text:
        shown = written if len(written) <= _SHOWN else f"{written[:_SHOWN]}…"
        made.notes.append((Note.JSON_REWRITTEN, line, (shown,)))
    for member, (name, spec) in inputs_of(body, value, workflow.inputs).items():
        made.inputs[member] = spec
        if name != member:
            made.notes.append((Note.INPUT_RENAMED, line, (name, member)))


def _policies(  # noqa: PLR0917
    judged: Judged, request: Request, made: Draft, workflow: Workflow, job: WorkflowJob, schedule: Schedule | None
) -> None:
    line, http = judged.call.line, made.http
    concurrency = job.concurrency or workflow.concurrency
    period = schedule.period_seconds if schedule else None
    http["timeout"] = timeout = _timeout(request, made, line)
    if period is not None and timeout > period and (concurrency is None or concurrency[1] == "true"):
        http["timeout"] = timeout = period
        made.notes.append((Note.SHORT_PERIOD, line, (in_words(period),)))
    success: dict[str, Any] = {}
    if judged.status is not None:
        success["status"] = _ranges(sorted(judged.status))
    if judged.body is not None:
        success["body"] = judged.body
    if request.follows:
        success["redirects"] = "follow"
    if success:
        http["success"] = success
    attempts, backoff = judged.attempts, judged.backoff
    if request.retries is not None:
        attempts, backoff = attempts * (request.retries[0] + 1), request.retries[1]
    if attempts > 1:
        http["retry"] = {"attempts": min(attempts, MAX_ATTEMPTS), "backoff": _number(max(backoff, 1))}
        made.notes.append((Note.RETRY_RHYTHM, line, ()))
    if concurrency is not None:
        if concurrency[1] == "true":
            made.notes.append((Note.CANCELLED, job.line, ()))
        elif period is None or timeout > period or attempts > 1:
            http["overlap"] = "skip"
            made.notes.append((Note.QUEUE, job.line, ()))


def _timeout(request: Request, made: Draft, line: int) -> float | int:
    given = request.timeout
    if not given:
        made.notes.append((Note.NO_TIMEOUT, line, (in_words(PLATFORM_TIMEOUT),)))
        return PLATFORM_TIMEOUT
    if given > PLATFORM_TIMEOUT:
        made.notes.append((Note.LONG_TIMEOUT, line, (in_words(given),)))
        return PLATFORM_TIMEOUT
    return _number(given)


def _number(value: float) -> float | int:
    return int(value) if value == int(value) else value


def _ranges(statuses: list[int]) -> list[int | str]:
    """Numbers as the catalogue writes them, those in a row as one range."""
    parts: list[list[int]] = []
    for status in statuses:
        if parts and status == parts[-1][-1] + 1:
            parts[-1].append(status)
        else:
            parts.append([status])
    made: list[int | str] = []
    for part in parts:
        made += part if len(part) < 3 else [f"{part[0]}-{part[-1]}"]
    return made
