"""From a job to the command that pg_cron runs, and from a probe to its statement: pure, model in, text out.

The command is readable SQL: a first comment line names the owner, then one statement stands. A secret is a call of
``get_secret``, so its value is read when the job runs and is never part of the text. A request that is signed is
written down first, so that what is signed is what is sent. A job's request is put down in the run ledger by the same
statement, with the rule that its answer is judged by.
"""

import json
from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any

from psycopg import sql

from components.catalogue import Job, Probe, Request
from components.owner import mark
from components.template import Literal, parse_template

Read = Callable[[str], sql.Composable]
"""How a secret is read: its key to an SQL expression."""

_FUNCTIONS = {
    "GET": sql.SQL("net.http_get"),
    "POST": sql.SQL("net.http_post"),
    "DELETE": sql.SQL("net.http_delete"),
}
_INDENT = sql.SQL("\n        ")
_VALUE_UNDER_TEST = sql.SQL("$1::text")


def compile_command(name: str, job: Job, *, owner: str, schema: str) -> str:
    """The text of ``cron.job.command`` for a job; ``owner`` is ``project/stack``."""
    comment = sql.SQL("-- {}\n").format(sql.SQL(mark(owner, name)))
    if job.http is None:
        return comment.as_string() + (job.sql or "").strip()
    return (comment + _statement(job.http, schema, job=name) + sql.SQL(";")).as_string()


def compile_probe(key: str, probe: Probe, *, schema: str) -> str:
    """The statement that queues a secret's probe and returns the request's id, for ``EXECUTE … USING value``.

    The secret under test is the parameter ``$1`` (text), so that a value can be tried before it is stored; the others
    are read as jobs read them.
    """
    return _statement(probe, schema, under_test=key).as_string()


def rule(request: Request) -> dict[str, Any]:
    """How an answer is judged: ``timeout`` (seconds), ``status`` (int4multirange) and ``body`` (jsonpath), if any."""
    judged: dict[str, Any] = {"timeout": request.timeout, "status": multirange(request.success.status)}
    return judged | ({"body": request.success.body} if request.success.body is not None else {})


def multirange(numbers: Iterable[int]) -> str:
    """Numbers as PostgreSQL writes an int4multirange: ``{[200,300)}``."""
    runs = groupby(enumerate(sorted(set(numbers))), lambda pair: pair[1] - pair[0])
    bounds = [[number for _, number in run] for _, run in runs]
    return "{" + ",".join(f"[{run[0]},{run[-1] + 1})" for run in bounds) + "}"


def _statement(request: Request, schema: str, *, under_test: str | None = None, job: str | None = None) -> sql.Composed:
    def read(key: str) -> sql.Composable:
        if key == under_test:
            return _VALUE_UNDER_TEST
        return sql.SQL("{}.get_secret({})").format(sql.Identifier(schema), sql.Literal(key))

    if request.auth is None or request.auth.hmac is None:
        sent = _send(request, read, url=_text(request.url, read), body=_body(request))
        return sql.SQL("SELECT {}").format(_recorded(sent, request, schema, job))
    sent = _send(
        request,
        read,
        url=sql.SQL("request.url"),
        body=sql.SQL("request.body"),
        signature=_signature(request, request.auth.hmac, schema, under_test),
    )
    signed = sql.SQL(  # OFFSET 0: computed once
        "SELECT {send}\nFROM (\n    SELECT\n        {url} AS url{body}\n    OFFSET 0\n) AS request"
    )
    body = sql.SQL(",\n        {} AS body").format(_body(request)) if request.sends_body else sql.SQL("")
    return signed.format(
        send=_recorded(sent, request, schema, job),
        url=_text(request.url, read),
        body=body,
    )


def _recorded(sent: sql.Composed, request: Request, schema: str, job: str | None) -> sql.Composed:
    """A job's request goes into the ledger; a probe's answer is looked at by the rotation that sent it."""
    if job is None:
        return sent
    return sql.SQL("{schema}.record_cron_run({job}, {sent}, {rule})").format(
        schema=sql.Identifier(schema),
        job=sql.Literal(job),
        sent=sent,
        rule=sql.Literal(json.dumps(rule(request), ensure_ascii=False)),
    )


def _send(
    request: Request, read: Read, *, url: sql.Composable, body: sql.Composable, signature: sql.Composable | None = None
) -> sql.Composed:
    arguments = [
        sql.SQL("url := {}").format(url),
        sql.SQL("headers := {}").format(_headers(request, read, signature)),
        sql.SQL("timeout_milliseconds := {}").format(sql.Literal(round(request.timeout * 1000))),
    ]
    if request.sends_body:
        arguments.insert(2, sql.SQL("body := {}").format(body))
    return sql.SQL("{function}(\n    {arguments}\n)").format(
        function=_FUNCTIONS[request.method], arguments=sql.SQL(",\n    ").join(arguments)
    )


def _body(request: Request) -> sql.Composable:
    body = {} if request.body is None else request.body
    return sql.SQL("{}::jsonb").format(sql.Literal(json.dumps(body, ensure_ascii=False)))


def _signature(request: Request, key: str, schema: str, under_test: str | None) -> sql.Composable:
    tested = key == under_test
    return sql.SQL("{schema}.{function}({key}, {method}, request.url, {body})").format(
        schema=sql.Identifier(schema),
        function=sql.SQL("sign_cron_request_with" if tested else "sign_cron_request"),
        key=sql.SQL("ARRAY[{}]").format(_VALUE_UNDER_TEST) if tested else sql.Literal(key),
        method=sql.Literal(request.method),
        body=sql.SQL("request.body" if request.sends_body else "NULL"),
    )


def _headers(request: Request, read: Read, signature: sql.Composable | None) -> sql.Composable:
    headers = {name: _text(value, read) for name, value in _with_content_type(request).items()}
    if request.auth is not None:
        headers[request.auth.header_name] = signature or _text(request.auth.template, read)
    if not headers:
        return sql.SQL("'{{}}'::jsonb").format()
    pairs: Iterable[sql.Composable] = (
        sql.SQL("{}, {}").format(sql.Literal(name), value) for name, value in headers.items()
    )
    joined = sql.SQL(",").join(_INDENT + pair for pair in pairs)
    return sql.SQL("jsonb_build_object({}\n    )").format(joined)


def _with_content_type(request: Request) -> dict[str, str]:
    """pg_net adds the header to a POST itself; written out, the command says what is sent."""
    if request.method == "POST" and not any(name.lower() == "content-type" for name in request.headers):
        return {"Content-Type": "application/json", **request.headers}
    return request.headers


def _text(template: str, read: Read) -> sql.Composable:
    """A template as an SQL expression: literals and secrets, joined with ``||``."""
    parts = [
        sql.Literal(part.text) if isinstance(part, Literal) else read(part.key) for part in parse_template(template)
    ]
    return sql.SQL(" || ").join(parts or [sql.Literal("")])
