"""The request of a call as pg_net would have queued it, and the catalogue's entry that queues the same. Pure."""

from collections.abc import Mapping
from typing import Any

from components.catalogue.request import JSON_TYPE
from components.importing.call import HttpRequest, Json, JsonText, Number, Text
from components.importing.json_text import sent
from components.importing.keys import Keys, template
from components.importing.outcome import Broken, NoCall, Place, Reason
from components.importing.sql_text import Call, Node, selected, statements
from components.importing.sql_value import Values
from components.importing.value_kinds import NullValue

_METHODS = {"http_get": "GET", "http_post": "POST", "http_delete": "DELETE"}
_CONTENT_TYPE = "content-type"


def request_of(call: Call, values: Values) -> HttpRequest:
    """The request that a call queues, its defaults from the server. Raises NoCall, or Broken."""
    method = _METHODS.get(call.function.name)
    if method is None:
        raise NoCall(Reason.NO_CALL)
    given = {name: _default(default) for name, default in call.function.defaults.items()} | dict(call.arguments)
    if "params" in given and values.json(given["params"]) != {}:
        raise NoCall(Reason.PARAMS)
    body = values.json(given["body"]) if "body" in given else NullValue()
    timeout = values.integer(given["timeout_milliseconds"])
    if timeout is None or timeout < 1:
        raise NoCall(Reason.TIMEOUT, "is none")
    return HttpRequest(
        method=method,
        url=values.text(given["url"]),
        headers=_headers(values.json(given["headers"])),
        body=None if isinstance(body, NullValue) else body,
        has_body=not isinstance(body, NullValue),
        timeout=timeout,
    )


def _default(text: str) -> Node:
    """The expression of a parameter's default."""
    return selected(statements(f"SELECT {text}")[0])


def _headers(given: Json | NullValue) -> dict[str, Text]:
    if not isinstance(given, Mapping):
        raise NoCall(Reason.HEADERS, "are no object")
    return {name: _header(name, value) for name, value in given.items()}


def _header(name: str, value: Json) -> Text:
    """The text of a header as pg_net's worker sends it."""
    match value:
        case JsonText(parts):
            return parts
        case bool():
            return (str(value).lower(),)
        case Number(text):
            return (text,)
    raise NoCall(Reason.HEADERS, f"have a value for {name!r} that is no text")


def http_entry(request: HttpRequest, keys: Keys) -> tuple[dict[str, Any], tuple[Place, ...]]:
    """The ``http`` part of an entry that queues the same request, and the places in it. Raises NoCall, or Broken."""
    request = _with_keys(request, keys)
    first = request.url[0]
    if isinstance(first, Place):
        keys.begins_url(first)
    entry: dict[str, Any] = {} if request.method == "POST" else {"method": request.method}
    entry["url"] = template(request.url)
    headers = _sent_headers(request)
    if (bearer := _bearer(headers)) is not None and keys.format(bearer) not in {"api_key", "url"}:
        del headers["Authorization"]
        entry["auth"] = {"bearer": bearer}
    if headers:
        entry["headers"] = {name: template(parts) for name, parts in headers.items()}
    if (body := _body(request)) is not None:
        entry["body"] = body
    seconds = request.timeout / 1000
    entry["timeout"] = int(seconds) if seconds.is_integer() else seconds
    parts = (request.url, *request.headers.values())
    return entry, tuple(dict.fromkeys(part for text in parts for part in text if isinstance(part, Place)))


def _with_keys(request: HttpRequest, keys: Keys) -> HttpRequest:
    def keyed(parts: Text) -> Text:
        return tuple(keys.placed(part) if isinstance(part, Place) else part for part in parts)

    headers = {name: keyed(parts) for name, parts in request.headers.items()}
    return HttpRequest(
        request.method, keyed(request.url), headers, request.body, has_body=request.has_body, timeout=request.timeout
    )


def _sent_headers(request: HttpRequest) -> dict[str, Text]:
    """The headers without the Content-Type that a request with a body has anyway. Raises NoCall, or Broken."""
    types = {name: parts for name, parts in request.headers.items() if name.lower() == _CONTENT_TYPE}
    if request.method == "POST" and any(parts != (JSON_TYPE,) for parts in types.values()):
        raise Broken(Reason.HEADERS, f"have another Content-Type than {JSON_TYPE}, which pg_net refuses to post")
    if request.method == "DELETE" and request.has_body and not types:
        raise NoCall(Reason.HEADERS, "lack a Content-Type, which ours have beside a body")
    is_added = request.method == "POST" or request.has_body
    return {
        name: parts
        for name, parts in request.headers.items()
        if not (is_added and name == "Content-Type" and parts == (JSON_TYPE,))
    }


def _bearer(headers: Mapping[str, Text]) -> str | None:
    """The key of a header that is exactly ``Authorization: Bearer {key}``."""
    match headers.get("Authorization"):
        case ("Bearer ", Place(key=key)):
            return key
    return None


def _body(request: HttpRequest) -> Any:  # noqa: ANN401 - JSON as a YAML file has it
    """The body as the catalogue says it; None where it sends the same without. Raises NoCall."""
    if not request.has_body:
        if request.method == "POST":
            raise NoCall(Reason.BODY, "none at all, and ours posts {} then")
        return None
    if request.method == "GET":
        raise NoCall(Reason.BODY, "one of a GET")
    body = sent(request.body)
    if body is None:
        raise NoCall(Reason.BODY, "JSON's null, which the catalogue cannot say")
    return None if body == {} and request.method == "POST" else body
