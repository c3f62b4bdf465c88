"""What becomes of jobs: the same request, the SQL as it is, or a reason; and what is never guessed."""

import itertools
import json
from typing import Any

import pytest
from psycopg import sql

from components.catalogue.job import Job
from components.importing.call import CronRow
from components.importing.jobs import outcomes
from components.importing.keys import Keys
from components.importing.outcome import Note, Outcome, Place, Reason
from tests.unit.components.importing.worlds import SERVER, http, imported

URL = "https://a.example.com/f"
UUID_KEY = "9d1f7a52-0c3e-4b6d-8e21-5a7b9c0d1e2f"
TOKEN = "zt81pq0wm4xk7d2c"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiIsImZvciI6InRlc3RzIn0.c2lnbmF0dXJlLW9mLXRlc3Rz"


def headed(name: str, value: str) -> str:
    return f"select net.http_post('{URL}', headers := jsonb_build_object('{name}', '{value}'))"


def notes(outcome: Outcome) -> set[Note]:
    return {told.what for told in outcome.notes if isinstance(told.what, Note)}


def reasons(outcome: Outcome) -> list[Reason]:
    return [told.what for told in outcome.reason if isinstance(told.what, Reason)]


def test_named_arguments_nested_builders_and_a_comment_between_them() -> None:
    assert http(
        f"select net.http_post(\n  url := '{URL}', -- where to\n  body => jsonb_build_object('window', "
        "jsonb_build_object('days', 1), 'lists', jsonb_build_array('a', 'b')))"
    ) == {"url": URL, "body": {"window": {"days": 1}, "lists": ["a", "b"]}, "timeout": 5}


def test_braces_are_doubled_in_a_url_and_not_in_a_body() -> None:
    assert http("select net.http_post('https://a.example.com/{x}', '{\"a\": \"{x}\"}')") == {
        "url": "https://a.example.com/{{x}}",
        "body": {"a": "{x}"},
        "timeout": 5,
    }


@pytest.mark.parametrize(
    ("header", "value", "expected"),
    [
        ("Authorization", "'Bearer ' || get_secret('k')", {"auth": {"bearer": "k"}}),
        ("authorization", "'Bearer ' || get_secret('k')", {"headers": {"authorization": "Bearer {k}"}}),
        ("Authorization", "'bearer ' || get_secret('k')", {"headers": {"Authorization": "bearer {k}"}}),
        ("Authorization", "'Bearer  ' || get_secret('k')", {"headers": {"Authorization": "Bearer  {k}"}}),
        ("Authorization", "get_secret('k')", {"headers": {"Authorization": "{k}"}}),
        ("Authorization", "'Bearer ' || private.the_key()", {"auth": {"bearer": "service_key"}}),
    ],
)
def test_a_bearer_is_one_where_it_is_exactly_that(header: str, value: str, expected: Any) -> None:
    command = f"select net.http_post('{URL}', headers := jsonb_build_object('{header}', {value}))"
    assert http(command) == {"url": URL, **expected, "timeout": 5}


def test_what_pg_net_used_is_written_out() -> None:
    assert http(f"select net.http_get('{URL}')") == {"method": "GET", "url": URL, "timeout": 5}
    assert http(f"select net.http_post('{URL}', timeout_milliseconds := 1500)")["timeout"] == 1.5
    assert "body" not in http(f"select net.http_post('{URL}', '{{}}')")
    assert http(f"select net.http_post('{URL}', '[]')")["body"] == []


@pytest.mark.parametrize(
    ("name", "value", "sent", "spec"),
    [
        ("X-Api-Key", UUID_KEY, "{example_x_api_key}", "token"),
        ("apikey", JWT, "{example_apikey}", "jwt"),
        ("x-cron-secret", TOKEN, "{example_x_cron_secret}", "token"),
        ("X-Anything", "sb_secret_" + TOKEN, "{example_x_anything}", "api_key"),
        ("Cookie", f"session={TOKEN}", "{example_cookie}", "token"),
        ("Authorization", f"Token {TOKEN}", "Token {example_authorization}", "token"),
    ],
)
def test_a_key_in_a_header_is_lifted(name: str, value: str, sent: str, spec: str) -> None:
    keys = Keys()
    (outcome,) = imported(headed(name, value), keys=keys)
    assert outcome.kind == "exact"
    assert outcome.job is not None
    assert outcome.job["http"]["headers"] == {name: sent}
    assert Note.KEY_LIFTED in notes(outcome)
    assert keys.spec(outcome.asks[0].key)["format"] == spec
    assert value not in repr(outcome) + repr(keys.spec(outcome.asks[0].key))


def test_a_value_that_occurs_twice_is_one_secret_and_two_values_are_two() -> None:
    one, two, other = imported(headed("apikey", TOKEN), headed("X-Secret", TOKEN), headed("apikey", TOKEN[::-1]))
    assert one.asks == two.asks
    assert other.asks[0].key == "example_apikey_2"


def test_a_key_in_a_query_is_lifted_with_a_warning() -> None:
    (outcome,) = imported(f"select net.http_get('{URL}?a=1&token={TOKEN}&b=2')")
    assert outcome.job is not None
    assert outcome.job["http"]["url"] == f"{URL}?a=1&token={{example_token}}&b=2"
    assert {Note.KEY_LIFTED, Note.QUERY} <= notes(outcome)


def test_a_public_key_and_a_word_stay() -> None:
    assert http(headed("apikey", "sb_publishable_abcdefgh12345678"))["headers"] == {
        "apikey": "sb_publishable_abcdefgh12345678"
    }
    assert http(headed("X-Source", "pg_cron"))["headers"] == {"X-Source": "pg_cron"}


@pytest.mark.parametrize(
    "value", ["ANON_KEY", "__CRON_SECRET__", "YOUR_KEY", "<the key>", "{{key}}", "your-service-role-key"]
)
def test_a_placeholder_is_no_key(value: str) -> None:
    for text in (value, f"Bearer {value}"):
        (outcome,) = imported(headed("Authorization", text))
        assert (outcome.kind, reasons(outcome)) == ("refused", [Reason.PLACEHOLDER])


@pytest.mark.parametrize(
    "command",
    [
        f"select net.http_post('{URL}', jsonb_build_object('password', '{TOKEN}'))",
        f'select net.http_post(\'{URL}\', \'{{"a": {{"apiKey": "{TOKEN}"}}}}\')',
        f"select net.http_post('{URL}?token={TOKEN}'); select 1",
        f"update app.settings set token = '{TOKEN}'",
    ],
)
def test_a_key_that_cannot_be_lifted_is_told_and_the_job_is_not_taken(command: str) -> None:
    (outcome,) = imported(command)
    assert (outcome.kind, reasons(outcome)) == ("refused", [Reason.KEY])
    assert TOKEN not in outcome.reason[0].sentence


def test_two_names_of_one_key_are_two_secrets() -> None:
    first, second = imported(
        f"select net.http_post('{URL}', headers := jsonb_build_object('x', current_setting('app.key')))",
        f"select net.http_post('{URL}', headers := jsonb_build_object('x', (select decrypted_secret from "
        "vault.decrypted_secrets where name = 'key')))",
    )
    assert first.asks == (Place("key", "setting", "app.key"),)
    assert second.asks == (Place("vault_key", "vault", "key"),)


def test_a_job_without_a_name_gets_one_and_says_how_to_end_the_old_one() -> None:
    (outcome,) = imported(f"select net.http_post('{URL}')", name=None)
    assert (outcome.kind, outcome.name) == ("noted", "f")
    assert outcome.job is not None
    assert "adopt" not in outcome.job
    assert "SELECT cron.unschedule(1)" in outcome.notes[0].sentence
    (kept,) = imported("vacuum", name=None)
    assert kept.name == "job-1"


@pytest.mark.parametrize(
    ("row", "reason", "kind"),
    [
        ({"role": "other"}, Reason.ROLE, "refused"),
        ({"database": "shop"}, Reason.DATABASE, "refused"),
        ({"name": " a"}, Reason.NAME, "refused"),
        ({"name": "a\nb"}, Reason.NAME, "refused"),
        ({"name": "cron-runs-sweep-public"}, Reason.OWN_NAME, "skipped"),
        ({"schedule": "0 0 31 2 *"}, Reason.SCHEDULE, "refused"),
    ],
)
def test_what_is_not_taken(row: dict[str, Any], reason: Reason, kind: str) -> None:
    (outcome,) = imported("select 1", **row)
    assert (outcome.kind, outcome.job, reasons(outcome)) == (kind, None, [reason])


def test_a_secret_of_the_catalogue_is_read_and_never_given_a_value_of_another_place() -> None:
    keys = Keys(
        {"key": {"description": "d", "format": "token"}, "example_apikey": {"description": "d", "format": "jwt"}}
    )
    setting, literal = imported(
        f"select net.http_post('{URL}', headers := jsonb_build_object('x', current_setting('app.key')))",
        headed("apikey", TOKEN),
        keys=keys,
    )
    assert (setting.kind, setting.asks[0].key, notes(setting)) == ("noted", "key", {Note.SAME_KEY})
    assert literal.asks[0].key == "example_apikey_2"


def test_a_job_without_a_name_is_taken_once() -> None:
    (outcome,) = imported("vacuum", name=None)
    declared = {"job-1": Job.model_validate(outcome.job)}
    row = CronRow(1, None, "0 1 * * *", "vacuum", "postgres", "postgres")
    (again,) = outcomes([row], SERVER, Keys(), declared)
    assert (again.kind, reasons(again)) == ("skipped", [Reason.DECLARED_UNNAMED])


def test_a_value_outside_of_a_text_of_json_is_not_called_broken() -> None:
    (outcome,) = imported(f"select net.http_post('{URL}', ('{{\"n\": ' || get_secret('n') || '}}')::jsonb)")
    assert (outcome.kind, notes(outcome), reasons(outcome)) == ("sql", set(), [Reason.EXPRESSION])


def test_a_job_of_a_stack_is_skipped() -> None:
    (outcome,) = imported("-- supabase-cron: shop/prod/job 1\nselect 1")
    assert (outcome.kind, outcome.reason[0].sentence) == ("skipped", "the stack shop/prod declares it already")


def test_a_paused_job_stays_paused_and_names_stay_as_they_are() -> None:
    (outcome,) = imported("select 1", name="Mails & more: 🧹", active=False)
    assert (outcome.name, outcome.job and outcome.job["active"]) == ("Mails & more: 🧹", False)


def test_what_the_server_refuses_is_never_a_request() -> None:
    (outcome,) = imported(f"select net.http_post('{URL}')", failure="function does not exist")
    assert outcome.kind == "sql"
    assert "fails as it is written, and is kept so: function does not exist" in [t.sentence for t in outcome.notes]


def test_a_reader_that_strips_and_a_setting_that_may_be_missing_are_noted() -> None:
    (outcome,) = imported(
        f"select net.http_post('{URL}', headers := jsonb_build_object('a', private.trimmed('k'), "
        "'b', current_setting('app.b', true)))"
    )
    assert outcome.kind == "noted"
    assert notes(outcome) == {Note.STRIPS, Note.UNSET_SETTING}


def test_a_database_without_pg_net_keeps_all_as_sql() -> None:
    (outcome,) = imported(f"select net.http_post('{URL}')", server=type(SERVER)("postgres", "postgres"))
    assert (outcome.kind, reasons(outcome)) == ("sql", [Reason.NO_CALL])


def test_sql_is_kept_but_for_blanks_around_it() -> None:
    (outcome,) = imported("\n  -- tidy\n  delete from a;\n\n  select 1\n")
    assert outcome.job is not None
    assert outcome.job["sql"] == "-- tidy\n  delete from a;\n\n  select 1"


def test_a_function_that_may_send_is_said_to_have_no_verdict() -> None:
    (outcome,) = imported("select public.notify_team('stand-up')", schedule="0 9 1-7 * 1")
    assert outcome.kind == "sql"
    assert {Note.UNKNOWN_REQUEST, Note.WARNING} <= notes(outcome)


Part = dict[str, Any]
METHODS: list[Part] = [{}, {"method": "GET"}, {"method": "DELETE"}]
PROOFS: list[Part] = [{}, {"auth": {"bearer": "k"}}, {"headers": {"X-A": "é \" \\ '", "x-b": "a{k}b"}}]
BODIES: list[Part] = [
    {},
    {"body": {"a": [1, 2.5, None, True, "ü\n'"], "b": {}}},
    {"body": "text"},
    {"body": [[]]},
]
URLS = ("https://a.example.com/x?y=1", "{base}/f/{{x}}", "https://a.example.com/{part}/it's")
SHAPES: list[Part] = [
    {"url": url, "timeout": timeout, **method, **proof, **body}
    for url, method, proof, body in itertools.product(URLS, METHODS, PROOFS, BODIES)
    for timeout in (5, 0.25)
    if method.get("method") != "GET" or not body
]


@pytest.mark.parametrize("shape", SHAPES, ids=range(len(SHAPES)))
def test_a_request_of_the_catalogue_written_as_plain_sql_is_itself_again(shape: dict[str, Any]) -> None:
    has_body = "body" in shape
    if shape.get("method") == "DELETE" and has_body:
        shape = {**shape, "headers": {**shape.get("headers", {}), "content-type": "application/json"}}
    assert http(plain(shape)) == shape


def plain(shape: dict[str, Any]) -> str:
    """The call of pg_net's that a person would write for a request."""
    headers = dict(shape.get("headers", {}))
    if "auth" in shape:
        headers["Authorization"] = f"Bearer {{{shape['auth']['bearer']}}}"
    pairs = [sql.SQL("{}, {}").format(sql.Literal(name), text(value)) for name, value in headers.items()]
    arguments = [sql.SQL("url := {}").format(text(shape["url"]))]
    if pairs:
        arguments.append(sql.SQL("headers := jsonb_build_object({})").format(sql.SQL(", ").join(pairs)))
    if "body" in shape:
        arguments.append(sql.SQL("body := {}::jsonb").format(sql.Literal(json.dumps(shape["body"]))))
    arguments.append(sql.SQL("timeout_milliseconds := {}").format(sql.Literal(int(shape["timeout"] * 1000))))
    function = sql.SQL("net.http_" + shape.get("method", "POST").lower())
    return sql.SQL("select {}({})").format(function, sql.SQL(", ").join(arguments)).as_string()


def text(template: str) -> sql.Composable:
    from components.values.template import Literal, parse_template

    parts = [
        sql.Literal(part.text) if isinstance(part, Literal) else sql.SQL("get_secret({})").format(sql.Literal(part.key))
        for part in parse_template(template).parts
    ]
    return sql.SQL(" || ").join(parts)
