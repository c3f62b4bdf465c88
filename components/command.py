"""From a job to the command that pg_cron runs: pure, model in, ``Composed`` out.

The command is readable SQL: a first comment line names the owner, then one statement stands. A secret is a call of
``get_secret``, so its value is read when the job runs and is never part of the text.
"""

import json
from collections.abc import Iterable

from psycopg import sql

from components.catalogue import HttpAction, Job
from components.owner import mark
from components.template import Literal, parse_template

_FUNCTIONS = {
    "GET": sql.SQL("net.http_get"),
    "POST": sql.SQL("net.http_post"),
    "DELETE": sql.SQL("net.http_delete"),
}
_INDENT = sql.SQL("\n        ")


def compile_command(name: str, job: Job, *, owner: str, schema: str) -> str:
    """The text of ``cron.job.command`` for a job; ``owner`` is ``project/stack``."""
    comment = sql.SQL("-- {}\n").format(sql.SQL(mark(owner, name)))
    if job.http is None:
        return comment.as_string() + (job.sql or "").strip()
    return (comment + _request(job.http, schema)).as_string()


def _request(http: HttpAction, schema: str) -> sql.Composed:
    arguments = [
        sql.SQL("url := {}").format(_text(http.url, schema)),
        sql.SQL("headers := {}").format(_headers(_with_content_type(http), schema)),
        sql.SQL("timeout_milliseconds := {}").format(sql.Literal(round(http.timeout * 1000))),
    ]
    if http.method != "GET" and not (http.method == "DELETE" and http.body is None):
        body = {} if http.body is None else http.body
        document = sql.SQL("body := {}::jsonb").format(sql.Literal(json.dumps(body, ensure_ascii=False)))
        arguments.insert(2, document)
    return sql.SQL("SELECT {function}(\n    {arguments}\n);").format(
        function=_FUNCTIONS[http.method], arguments=sql.SQL(",\n    ").join(arguments)
    )


def _with_content_type(http: HttpAction) -> dict[str, str]:
    """pg_net adds the header to a POST itself; written out, the command says what is sent."""
    if http.method == "POST" and not any(name.lower() == "content-type" for name in http.headers):
        return {"Content-Type": "application/json", **http.headers}
    return http.headers


def _headers(headers: dict[str, str], schema: str) -> sql.Composable:
    if not headers:
        return sql.SQL("'{{}}'::jsonb").format()
    pairs: Iterable[sql.Composable] = (
        sql.SQL("{}, {}").format(sql.Literal(name), _text(value, schema)) for name, value in headers.items()
    )
    joined = sql.SQL(",").join(_INDENT + pair for pair in pairs)
    return sql.SQL("jsonb_build_object({}\n    )").format(joined)


def _text(template: str, schema: str) -> sql.Composable:
    """A template as an SQL expression: literals and calls of get_secret, joined with ``||``."""
    parts = [
        sql.Literal(part.text)
        if isinstance(part, Literal)
        else sql.SQL("{}.get_secret({})").format(sql.Identifier(schema), sql.Literal(part.key))
        for part in parse_template(template)
    ]
    return sql.SQL(" || ").join(parts or [sql.Literal("")])
