"""The commands that pg_cron runs, compiled from jobs and alerts, and the statements of probes. Pure.

A command is a comment with the stack's mark and one readable statement. The statement calls ``get_secret``, so a value
is read when the job runs and is never part of the text. It computes url and body of a signed request once, so that
what is signed is what is sent. It also records the request in the run ledger, with the rule that judges the answer. The
statement of a job with policies first calls ``begin_cron_run``, which decides whether to send.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import NotRequired, TypedDict

from psycopg import sql
from pydantic import JsonValue

from components.catalogue.alert import FIELDS, Alert
from components.catalogue.job import Job
from components.catalogue.policy import policy_document
from components.catalogue.request import JSON_TYPE, HttpAction, Probe, Request
from components.objects.stack_mark import mark
from components.values.choices import Redirects
from components.values.template import Literal, Template, parse_template

Read = Callable[[str], sql.Composable]
"""From the name of a place in a template to the SQL expression that yields its text."""

_FUNCTIONS = {
    "GET": sql.SQL("net.http_get"),
    "POST": sql.SQL("net.http_post"),
    "DELETE": sql.SQL("net.http_delete"),
}
_JSON_TYPE = parse_template(JSON_TYPE)
_INDENT = sql.SQL("\n        ")
# With their schema: a job runs with its role's own search_path, and would call a function of the same name in public
# whose argument types fit better.
_OBJECT = sql.SQL("pg_catalog.jsonb_build_object")
_ARRAY = sql.SQL("pg_catalog.jsonb_build_array")
_TO_JSONB = sql.SQL("pg_catalog.to_jsonb")


def compile_command(name: str, job: Job, *, stack: str, schema: str) -> str:
    """The text of ``cron.job.command`` for a job; ``stack`` is ``project/stack``, ``schema`` that of the store."""
    if job.http is None:
        return marked(stack, name, job.sql or "")
    return marked(stack, name, f"{_job_statement(name, job, job.http, schema)};")


def _job_statement(name: str, job: Job, http: HttpAction, schema: str) -> str:
    policy = policy_document(
        retry=http.retry, overlap=http.overlap, idempotency=http.idempotency, active_between=job.active_between
    )
    body = _made(http.body_sql, {} if http.body is None else http.body) if http.body_sql else None
    if not policy:
        return _Statement(http, schema, body=body).compose(_recorder(schema, "record_cron_run", sql.Literal(name)))
    statement = _Statement(
        http,
        schema,
        body=body,
        source=sql.SQL("{}.begin_cron_run({}, {}) AS begun").format(
            sql.Identifier(schema), sql.Literal(name), sql.Literal(_json_text(policy))
        ),
        more_headers={http.idempotency: sql.SQL("begun.idempotency")} if http.idempotency else {},
    )
    return statement.compose(_recorder(schema, "record_cron_run_request", sql.SQL("begun.run")))


def compile_probe(key: str, probe: Probe, *, schema: str) -> str:
    """The statement that queues a secret's probe and returns the request's id, for ``EXECUTE … USING made_up``.

    It sends the pending value of the secret under test or, where it is not NULL, the parameter ``$1`` (text) in its
    place; other secrets are read as in a job.
    """
    return _Statement(probe, schema, under_test=key).compose(lambda sent, _: sent)


def compile_alert(name: str, job: str, alert: Alert, *, stack: str, schema: str) -> str:
    """The statement that sends the new messages of the alert ``name``; the job ``job`` runs it."""
    schema_name = sql.Identifier(schema)
    recorded = _recorder(schema, "record_cron_run", sql.Literal(job))
    document = alert.model_dump(include={"on", "jobs"}, exclude_none=True)
    statement = _Statement(
        alert.http,
        schema,
        source=sql.SQL("{}.take_cron_alerts({}, {}, {}) AS alert").format(
            schema_name, sql.Literal(name), sql.Literal(stack), sql.Literal(_json_text(document))
        ),
        body=_json(alert.http.body, {each: sql.SQL("alert.") + sql.SQL(each) for each in FIELDS}.__getitem__),
    )
    return statement.compose(
        lambda sent, judged: sql.SQL("{}.record_cron_alert({}, alert.job, {})").format(
            schema_name, sql.Literal(name), recorded(sent, judged)
        )
    )


def marked(stack: str, name: str, statements: str) -> str:
    """The text of ``cron.job.command``: a line with the mark of stack (``project/stack``) and job, and statements."""
    return f"-- {mark(stack, name)}\n{statements.strip()}"


class AnswerRule(TypedDict):
    """The rule for an answer: ``timeout`` in seconds, ``status`` an int4multirange, ``body`` a jsonpath predicate.

    ``redirects`` says how to judge an answer after a redirect; without it, the run gets a remark. A running command
    adds ``secrets``: the version of each value that it sends, by key.
    """

    timeout: float
    status: str
    body: NotRequired[str]
    redirects: NotRequired[Redirects]


def rule(request: Request) -> AnswerRule:
    """The rule for the answers of a request."""
    judged = AnswerRule(timeout=request.timeout, status=multirange(request.success.status))
    if request.success.body is not None:
        judged["body"] = request.success.body
    if request.success.redirects is not None:
        judged["redirects"] = request.success.redirects
    return judged


def multirange(numbers: Iterable[int]) -> str:
    """Numbers as PostgreSQL writes an int4multirange: ``{[200,300)}``."""
    runs = groupby(enumerate(sorted(set(numbers))), lambda pair: pair[1] - pair[0])
    bounds = [[number for _, number in run] for _, run in runs]
    return "{" + ",".join(f"[{run[0]},{run[-1] + 1})" for run in bounds) + "}"


Record = Callable[[sql.Composable, sql.Composable], sql.Composable]
"""From the expression that queues a request, and that of its rule, to the expression that also records the request."""


@dataclass
class _Statement:
    """The SELECT that sends a request once for each row of ``source``, or once without it."""

    request: Request
    schema: str
    under_test: str | None = None
    source: sql.Composable | None = None
    body: sql.Composable | None = None
    more_headers: Mapping[str, sql.Composable] = field(default_factory=dict)

    def compose(self, record: Record) -> str:
        """The text of the statement, without a semicolon."""
        hmac = self.request.auth.hmac if self.request.auth else None
        sources = [self.source] if self.source else []
        if hmac is None:
            sent = self._send(url=_text(self.request.url, self._secret), body=self._body())
        else:
            sent = self._send(url=sql.SQL("request.url"), body=sql.SQL("request.body"), signature=self._signature(hmac))
            sources.append(self._computed_request())
        select = sql.SQL("SELECT {}").format(record(sent, self._rule()))
        if sources:
            select += sql.SQL("\nFROM {}").format(sql.SQL(" CROSS JOIN LATERAL ").join(sources))
        if self.under_test is None:  # for a probe, settle_cron_secret calls it
            select += sql.SQL("\nWHERE {}.guard_cron_queue()").format(sql.Identifier(self.schema))
        return select.as_string()

    def _rule(self) -> sql.Composable:
        judged = sql.Literal(_json_text(rule(self.request)))
        if not (keys := self.request.secret_keys()):
            return judged
        return sql.SQL("{}::jsonb || {}.cron_secret_versions(ARRAY[{}])").format(
            judged, sql.Identifier(self.schema), sql.SQL(", ").join(map(sql.Literal, keys))
        )

    def _computed_request(self) -> sql.Composed:
        body = sql.SQL(",\n        {} AS body").format(self._body()) if self.request.sends_body else sql.SQL("")
        return sql.SQL(  # OFFSET 0: computed once
            "(\n    SELECT\n        {url} AS url{body}\n    OFFSET 0\n) AS request"
        ).format(url=_text(self.request.url, self._secret), body=body)

    def _secret(self, key: str) -> sql.Composable:
        if key == self.under_test:
            return sql.SQL("{}.cron_secret_under_test({}, $1::text)").format(
                sql.Identifier(self.schema), sql.Literal(key)
            )
        return sql.SQL("{}.get_secret({})").format(sql.Identifier(self.schema), sql.Literal(key))

    def _send(
        self, *, url: sql.Composable, body: sql.Composable, signature: sql.Composable | None = None
    ) -> sql.Composed:
        arguments = [
            sql.SQL("url := {}").format(url),
            sql.SQL("headers := {}").format(self._headers(signature)),
            sql.SQL("timeout_milliseconds := {}").format(sql.Literal(round(self.request.timeout * 1000))),
        ]
        if self.request.sends_body:
            arguments.insert(2, sql.SQL("body := {}").format(body))
        return sql.SQL("{function}(\n    {arguments}\n)").format(
            function=_FUNCTIONS[self.request.method], arguments=sql.SQL(",\n    ").join(arguments)
        )

    def _body(self) -> sql.Composable:
        return self.body or _jsonb({} if self.request.body is None else self.request.body)

    def _signature(self, key: str) -> sql.Composable:
        tested = key == self.under_test
        return sql.SQL("{schema}.{function}({key}, {method}, request.url, {body})").format(
            schema=sql.Identifier(self.schema),
            function=sql.SQL("sign_cron_request_with" if tested else "sign_cron_request"),
            key=sql.SQL("ARRAY[{}]").format(self._secret(key)) if tested else sql.Literal(key),
            method=sql.Literal(self.request.method),
            body=sql.SQL("request.body" if self.request.sends_body else "NULL"),
        )

    def _headers(self, signature: sql.Composable | None) -> sql.Composable:
        headers = {name: _text(value, self._secret) for name, value in _with_content_type(self.request).items()}
        if (auth := self.request.auth) is not None:
            headers[auth.header_name] = signature or _text(auth.template, self._secret)
        headers |= self.more_headers
        return _json_object(headers, a_line_each=True) if headers else sql.SQL("'{{}}'::jsonb").format()


def _recorder(schema: str, function: str, subject: sql.Composable) -> Record:
    """The Record that calls a function of the ledger for ``subject``, a job's name or a run's number."""
    return lambda sent, judged: sql.SQL("{schema}.{function}({subject}, {sent}, {rule})").format(
        schema=sql.Identifier(schema), function=sql.SQL(function), subject=subject, sent=sent, rule=judged
    )


def _with_content_type(request: Request) -> dict[str, Template]:
    """The headers of a request with the Content-Type of its JSON: pg_net would send that of a form with a DELETE."""
    if request.sends_body and not any(name.lower() == "content-type" for name in request.headers):
        return {"Content-Type": _JSON_TYPE, **request.headers}
    return request.headers


def _text(template: Template, read: Read) -> sql.Composable:
    """A template as an SQL expression: literals and places, joined with ``||``."""
    parts = [sql.Literal(part.text) if isinstance(part, Literal) else read(part.key) for part in template.parts]
    return sql.SQL(" || ").join(parts or [sql.Literal("")])


def _json(value: JsonValue, read: Read) -> sql.Composable:
    """JSON whose texts are templates, as a jsonb expression."""
    if isinstance(value, str):
        return sql.SQL("{}(({})::text)").format(_TO_JSONB, _text(parse_template(value), read))
    if isinstance(value, dict) and value:
        return _json_object({name: _json(part, read) for name, part in value.items()})
    if isinstance(value, list) and value:
        return sql.SQL("{}({})").format(_ARRAY, sql.SQL(", ").join(_json(part, read) for part in value))
    return _jsonb(value)


def _made(made: Mapping[str, JsonValue], body: JsonValue) -> sql.Composable:
    """A body with the members that SQL expressions make, as a jsonb expression.

    Each expression is a sub-select of its own: it yields one value, whatever it aggregates, or fails.
    """
    constant = body if isinstance(body, dict) else {}
    pairs = {
        key: _made(part, constant.get(key))
        if isinstance(part, dict)
        else sql.SQL("{}((SELECT ({})))").format(_TO_JSONB, sql.SQL(str(part)))
        for key, part in made.items()
    }
    rest: JsonValue = {key: part for key, part in constant.items() if key not in made}
    return sql.SQL(" || ").join([*([_jsonb(rest)] if rest else []), _json_object(pairs)])


def _json_object(pairs: Mapping[str, sql.Composable], *, a_line_each: bool = False) -> sql.Composed:
    arguments = [sql.SQL("{}, {}").format(sql.Literal(name), value) for name, value in pairs.items()]
    if a_line_each:
        return sql.SQL("{}({}\n    )").format(_OBJECT, sql.SQL(",").join(_INDENT + pair for pair in arguments))
    return sql.SQL("{}({})").format(_OBJECT, sql.SQL(", ").join(arguments))


def _jsonb(value: JsonValue) -> sql.Composable:
    return sql.SQL("{}::jsonb").format(sql.Literal(_json_text(value)))


def _json_text(value: JsonValue | AnswerRule) -> str:
    return json.dumps(value, ensure_ascii=False)
