"""A key that somebody pasted into the catalogue is refused with its place and never shown; other texts pass."""

from typing import Any

import jwt
import pytest
from pydantic import JsonValue

from components.catalogue.job import Job
from components.catalogue.jobs_file import Catalogue
from components.catalogue.pasted_key import written_values
from components.catalogue.texts import texts
from components.declaration.command import compile_command
from components.leaks.exposed_key import planted_in_command

JWT = jwt.encode({"role": "service_role", "planted": "planted"}, "k" * 32)
UUID = "7d0c5a60-5d7b-4c0e-9a66-0f1f6a4a3f11"
RANDOM = "Zk3Jq8Vw2Xr7Ty5Ub9Nm4Lp6"
SECRETS = {
    "base": {"description": "d", "format": "url"},
    "key": {"description": "d", "format": "token"},
}


def mistakes(**job: Any) -> list[tuple[tuple[str | int, ...], str]]:
    declared = {"description": "d", "schedule": "0 1 * * *", **job}
    return Catalogue.model_validate({"secrets": SECRETS, "jobs": {"nightly": declared}}).problems()


def http(**fields: Any) -> dict[str, Any]:
    return {"http": {"url": "{base}/x", "timeout": 5, **fields}}


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("X-Api-Key", UUID, "a literal X-Api-Key"),
        ("apikey", "planted-hunter2", "a literal apikey"),
        ("X-Client-Secret", "planted hunter two", "a literal X-Client-Secret"),
        ("schedulerToken", "planted2planted", "a literal schedulerToken"),
        ("Authorization", "Basic cGxhbnRlZDpwbGFudGVk", "a literal Authorization"),
        ("Authorization", "planted-without-scheme", "a literal Authorization"),
        ("Authorization", f"Bearer {JWT}", "a JWT (eyJ…)"),
        ("Authorization", f"Bearer {RANDOM}", "a long random literal"),
        ("X-Whatever", RANDOM, "a long random literal"),
        ("X-Whatever", f"{{key}}-{RANDOM}", "a long random literal"),
        ("X-Whatever", "sk_live_" + "planted0planted", "a key of Stripe (sk_…, rk_…)"),
        ("X-Whatever", "ghp_" + "planted0" * 4, "a token of GitHub (gh…_…)"),
        ("Cookie", "theme=dark; session_id=planted-session-1", "a literal Cookie"),
        ("Cookie", "sid=planted-session-1", "a literal Cookie"),
        ("Authorization", "Bearer plantedsecret", "a literal Authorization"),
        ("X-Whatever", "Bearer planted-hunter2", "a literal token after Bearer or Basic"),
        ("X-Admin-Key", "planted-hunter2", "a literal X-Admin-Key"),
        ("authtoken", "planted-hunter2", "a literal authtoken"),
    ],
)
def test_a_header_that_holds_a_key(name: str, value: str, kind: str) -> None:
    ((place, sentence),) = mistakes(**http(headers={name: value}))
    assert place == ("jobs", "nightly", "http", "headers", name)
    assert sentence == (
        f"holds what looks like a key ({kind}); declare it under secrets and write {{its_key}} in {name}"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Content-Type", "application/json"),
        ("Accept", "application/json; charset=utf-8"),
        ("Authorization", "Bearer {key}"),
        ("apikey", "{key}"),
        ("apikey", "sb_publishable_abcdefghijklmnopqrstuvwx_12345678"),
        ("X-Api-Key", "YOUR_API_KEY"),
        ("X-Api-Key", "<the key>"),
        ("X-Api-Key", "none"),
        ("X-Api-Key", "anonymous"),
        ("X-Token-Type", "bearer-token-of-the-second-kind"),
        ("Idempotency-Key", "nightly-invoices-2026"),
        ("X-Partition-Key", "eu-central-1-partition"),
        ("Cache-Control", "no-cache, no-store"),
        ("Cookie", "theme=dark; language=en-GB-oxendict"),
        ("X-Tenant", UUID),
        ("X-Request-Source", "supabase-cron/generate-monthly-invoices-v2"),
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"),
        ("traceparent-version", "00"),
        ("Authorization", "Bearer planted-prefix-{key}"),
        ("X-Plan", "Basic subscription"),
        ("Sec-Fetch-Mode", "navigate-and-something-2"),
        ("Sort-Key", "planted-hunter2"),
        ("X-Page-Token", "planted-hunter2"),
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ("X-Row", "01ARZ3NDEKTSV4RRFFQ69G5FAV"),
    ],
)
def test_a_header_that_holds_none(name: str, value: str) -> None:
    assert mistakes(**http(headers={name: value})) == []


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://x.example/hook?api_key=planted-hunter2", "a literal api_key"),
        ("{base}/hook?x=1&token=planted2planted", "a literal token"),
        (f"https://x.example/services/{RANDOM}", "a long random literal"),
        ("https://me:planted-hunter2@x.example/", "a literal password"),
        (f"https://x.example/?apikey={JWT}", "a JWT (eyJ…)"),
    ],
)
def test_an_address_that_holds_a_key(url: str, kind: str) -> None:
    ((place, sentence),) = mistakes(http={"url": url, "timeout": 5})
    assert place == ("jobs", "nightly", "http", "url")
    assert sentence == f"holds what looks like a key ({kind}); declare it under secrets and write {{its_key}} in url"


@pytest.mark.parametrize(
    "url",
    [
        "{base}/hook?api_key={key}",
        "https://x.example/hook?nextPageToken=planted-hunter2",
        f"https://x.example/users/{UUID}",
        "https://abcdefghijklmnopqrst.supabase.co/functions/v1/generate-t5-invoices-2024",
        "https://x.example/?token=YOUR_TOKEN",
    ],
)
def test_an_address_that_holds_none(url: str) -> None:
    assert mistakes(http={"url": url, "timeout": 5}) == []


@pytest.mark.parametrize(
    ("body", "below", "kind"),
    [
        ({"auth": {"apiKey": UUID}}, ("auth", "apiKey"), "a literal apiKey"),
        ({"list": [{"password": "planted-hunter2"}]}, ("list", 0, "password"), "a literal password"),
        ({"note": f"use {JWT}"}, ("note",), "a JWT (eyJ…)"),
        ({"callback": "https://x.example/?token=planted-hunter2"}, ("callback",), "a literal token"),
        ({"dsn": "postgresql://me:planted-hunter2@h/db"}, ("dsn",), "a literal password"),
        ({"headers": ["Bearer planted-hunter2"]}, ("headers", 0), "a literal token after Bearer or Basic"),
        ({"raw": '{"apikey": "planted-hunter2"}'}, ("raw",), "a literal apikey"),
        ({"a": {"sk_live_planted0planted": 1}}, ("a",), "a key of Stripe (sk_…, rk_…)"),
    ],
)
def test_a_body_that_holds_a_key(body: dict[str, Any], below: tuple[str | int, ...], kind: str) -> None:
    ((place, sentence),) = mistakes(**http(method="POST", body=body))
    assert place == ("jobs", "nightly", "http", "body", *below)
    assert sentence == (
        f"holds what looks like a key ({kind}), and a body goes out as it is written; declare it under secrets and "
        "send it in a header"
    )


def test_a_body_that_holds_none() -> None:
    body = {"tenant": UUID, "key": "invoices", "token_count": "12345678", "tokens": 5, "password": "", "kind": "secret"}
    body |= {
        "sheet": "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms",
        "commit": "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
    }
    assert mistakes(**http(method="POST", body=body)) == []


def test_a_rule_that_holds_a_key() -> None:
    ((place, sentence),) = mistakes(**http(success={"body": '$.a == "sk_live_planted0planted"'}))
    assert place == ("jobs", "nightly", "http", "success", "body")
    assert sentence == (
        "holds what looks like a key (a key of Stripe (sk_…, rk_…)), and a rule is no place for one; leave it out"
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"auth": {"bearer": RANDOM}},
        {"auth": {"api_key": f"sb_secret_{RANDOM}"}},
        {"headers": {"Authorization": f"Bearer {{{RANDOM}}}"}},
        {"url": f"{{base}}/{{{RANDOM}}}"},
    ],
)
def test_a_value_in_the_place_of_a_secrets_name_is_not_shown(fields: dict[str, Any]) -> None:
    ((place, sentence),) = mistakes(**http(**fields))
    assert place == ("jobs", "nightly", "http")
    assert sentence.startswith("holds what looks like a key (")
    assert sentence.endswith(") where a secret's name stands; declare it and write its name")
    assert RANDOM not in sentence


def test_descriptions_that_hold_a_key() -> None:
    leaky = "as in sk_live_planted0planted"
    found = Catalogue.model_validate(
        {
            "secrets": {"a": {"description": leaky, "format": "token"}},
            "jobs": {
                "nightly": {
                    "description": leaky,
                    "schedule": "0 1 * * *",
                    "http": {"url": "https://x.example", "timeout": 5, "body": {"x": ""}},
                    "inputs": {"x": {"type": "string", "description": leaky}},
                }
            },
        }
    ).problems()
    assert [place[:-1] for place, _ in found] == [
        ("secrets", "a"),
        ("jobs", "nightly"),
        ("jobs", "nightly", "inputs", "x"),
    ]
    assert "planted" not in str([sentence for _, sentence in found])


@pytest.mark.parametrize(
    "fields",
    [
        {
            "headers": {
                "Authorization": "Bearer {key}",
                "X-Trace": UUID,
                "Cookie": "theme=dark; language=en-GB-oxendict",
            }
        },
        {"body": {"sheet": "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms", "it's": "\\ ; ("}},
        {"body": {"commit": "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"}, "auth": {"hmac": "key"}},
        {"success": {"body": '$.sheet == "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms"'}},
        {"retry": {}, "idempotency": "Idempotency-Key", "overlap": "skip"},
    ],
)
def test_the_doctor_has_nothing_to_say_of_what_is_accepted(fields: dict[str, Any]) -> None:
    declared = {"description": "d", "schedule": "0 1 * * *", **http(**fields)}
    assert mistakes(**declared) == []
    command = compile_command("nightly", Job.model_validate(declared), stack="p/s", schema="public")
    assert planted_in_command(command) == ()


def test_an_input_whose_default_is_a_key() -> None:
    inputs = {"access_token": {"type": "string", "default": "planted-hunter2"}}
    ((place, sentence),) = mistakes(inputs=inputs, **http(method="POST", body={"access_token": None}))
    assert place == ("jobs", "nightly", "inputs", "access_token")
    assert "planted" not in sentence


def test_a_statement_that_holds_a_key() -> None:
    ((place, sentence),) = mistakes(
        sql=f"SELECT net.http_post('https://x.example', headers := '{{\"apikey\": \"{UUID}\"}}')"
    )
    assert place == ("jobs", "nightly", "sql")
    assert sentence == (
        "holds what looks like a key (a literal apikey); declare it under secrets and read it with "
        "get_secret('its_key')"
    )


def test_alerts_and_probes_are_looked_at_too() -> None:
    leaky = {"url": "{base}", "headers": {"X-Api-Key": UUID}}
    found = Catalogue.model_validate(
        {
            "secrets": {**SECRETS, "key": {**SECRETS["key"], "probe": {**leaky, "auth": {"bearer": "key"}}}},
            "alerts": {"team": {"http": leaky}},
        }
    ).problems()
    assert [place for place, _ in found] == [
        ("alerts", "team", "http", "headers", "X-Api-Key"),
        ("secrets", "key", "probe", "headers", "X-Api-Key"),
    ]


def test_keys_that_differ_in_case_alone_would_share_a_variable() -> None:
    spec = {"description": "d", "format": "token"}
    assert Catalogue.model_validate({"secrets": {"key": spec, "KEY": spec, "Key": spec, "other": spec}}).problems() == [
        (
            ("secrets", name),
            "differs from 'key' in case alone, so both would take their value from one variable of the environment; "
            "rename one",
        )
        for name in ("KEY", "Key")
    ]


@pytest.mark.parametrize(
    "text", ["SELECT 'it''s \\\\ one'", "SELECT '\"it''s \\\\ one\"'", "https://x/?a=it%27s%20%5C%20one"]
)
def test_a_declared_value_is_found_however_it_is_written(text: str) -> None:
    assert [key for _, key in written_values(texts({"a": text}), {"one": "it's \\ one"})] == ["one"]


def test_a_declared_value_is_found_whatever_it_looks_like() -> None:
    declared: JsonValue = {"jobs": {"a": {"sql": "SELECT 'plain words'", "n": 1}, "b": [{"x": "{{planted}} braces"}]}}
    values = {"one": "plain words", "two": "{planted} braces", "short": "SELECT", "absent": "something else"}
    assert list(written_values(texts(declared), values)) == [
        (("jobs", "a", "sql"), "one"),
        (("jobs", "b", 0, "x"), "two"),
    ]
