"""A hundred catalogues that nobody should write: refused in a sentence with its place, or accepted and well formed."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from components.catalogue.stack_config import Config, load_config
from components.declaration.command import compile_alert, compile_command, compile_probe
from components.errors import InvalidConfiguration
from components.objects.stack_mark import StackName

NOW = datetime(2026, 11, 24, tzinfo=UTC)
VALUES = {"supabase_url": "https://ref.supabase.co", "cron_secret": "planted" * 5}

TOP = """\
secrets:
  supabase_url: {description: where, format: url}
  cron_secret: {description: token, format: token}
defaults: {http: {timeout: 10}}
"""
SECRETS = "secrets: {supabase_url: {description: where, format: url}, cron_secret: {description: token, format: token"
URL = 'url: "{supabase_url}/x"'
HTTP = f"description: d, schedule: 0 1 * * *, http: {{{URL}"


def body(value: str) -> str:
    return job(f"{HTTP}, body: {value}}}")


def http(more: str) -> str:
    return job(f"{HTTP}, {more}}}")


def more(fields: str) -> str:
    return job(f"{HTTP}, body: {{n: 1}}}}, {fields}")


def url(value: str) -> str:
    return job(f"description: d, schedule: 0 1 * * *, http: {{url: {json.dumps(value)}}}")


def header(value: str) -> str:
    return http(f"headers: {{{value}}}")


def job(fields: str) -> str:
    return f"{TOP}jobs:\n  nightly: {{{fields}}}\n"


def secret(fields: str) -> str:
    return f"{SECRETS}{fields}}}}}\ndefaults: {{http: {{timeout: 10}}}}\njobs: {{nightly: {{{HTTP}}}}}}}\n"


def alert(fields: str) -> str:
    return f"{job(HTTP + '}')}alerts: {{team: {{http: {{{URL}, {fields}}}}}}}\n"


def load(folder: Path, text: str, **settings: Any) -> Config:
    (folder / "jobs.yaml").write_text(text, encoding="utf-8")
    return load_config(
        {"secrets": json.dumps(VALUES), **settings},
        stack=StackName("supabase-cron", "dev"),
        root=folder,
        environment={},
        now=NOW,
    )


INFINITE = "is no number that JSON can hold"
LOST = "is a number that would lose digits on its way"
CONTROL = "holds a control character"
OWN_HEADER = "is written by pg_net itself, and another value would break the request; leave it out"
NUMBER = "input should be a valid number"
WHOLE = "input should be a valid integer"
LEAST = "input should be greater than or equal to 0.001"

REFUSED = [
    # bodies
    *((body(f"{{x: {text}}}"), INFINITE) for text in (".inf", "-.inf", ".nan", "1e400", "[[.NaN]]")),
    *((body(text), INFINITE) for text in (".inf", "[.nan]")),
    *((body(f"{{x: {text}}}"), LOST) for text in ("12345678901234567890.123456789", "0.1000000000000000055", "1e-400")),
    (body(f"{{x: {'9' * 5000}}}"), "is a number of 5000 characters"),
    (body(f"{{x: 0x{'f' * 5000}}}"), "is a number of 5002 characters"),
    *((body(text), CONTROL) for text in (r'{x: "\0"}', r'{"\0": 1}', r'["a\0b"]', r'"\x01"', r'{a: {b: ["\x1b"]}}')),
    (body('{x: "\\ud800"}'), "invalid Unicode character escape code"),
    (body("[" * 150 + "]" * 150), "values stand more than 100 deep"),
    (body("&a {x: *a}"), "an alias of what it stands in"),
    (body("{1: x}"), "a name must be a text; put it in quotes"),
    (body("{x: 1, x: 2}"), "'x' is declared twice"),
    (body("{x: !!int abc}"), "this is no value of the tag '!!int'"),
    (body("{x: !!python/object:os.system y}"), "means nothing here"),
    (body("{x: !!binary aGVsbG8=}"), "the tag '!!binary' means nothing here"),
    (http("method: GET, body: {}"), "a GET has no body"),
    # times
    *((http(f"timeout: {text}"), LEAST) for text in ("0.0001", "0", "-1", "0.0", "1e-300")),
    *((http(f"timeout: {text}"), NUMBER) for text in ("true", "[5]", "{s: 5}")),
    *((http(f"timeout: {text}"), "is no time; write it like") for text in ("1:30", "1_0", "5 5", "s", "five", "''")),
    *((http(f"timeout: {text}"), "less than or equal to 150") for text in ("151", "1e9", "9" * 300)),
    (http(f"timeout: {'9' * 400}"), NUMBER),
    *((http(f"timeout: {text}"), INFINITE) for text in (".inf", ".nan")),
    (http("timeout: 0.0015"), "counts less than a millisecond"),
    (http("timeout: null"), "is missing"),
    *((http(f"retry: {{{field}: {text}}}"), expected) for field, text, expected in (
        ("attempts", "true", WHOLE), ("attempts", "'3'", WHOLE), ("attempts", "2.5", WHOLE), ("attempts", "1", "greater"),
        ("backoff", "true", NUMBER), ("backoff", "'60 parsecs'", "is no time"), ("backoff", "0", LEAST), ("max_backoff", "1e300", "less"),
    )),
    *((more(f"expected_duration: {text}"), expected) for text, expected in (
        ("true", NUMBER), ("'15 15'", "is no time"), ("0", LEAST), (".inf", INFINITE),
        ("11", "expected_duration of 11 s is longer than the timeout of 10 s"),
    )),
    *((secret(f", grace: {text}"), expected) for text, expected in (("true", NUMBER), ("0", LEAST), ("'1 fortnight'", "is no time"), ("1e300", "less"))),
    # answers
    (http("success: {status: []}"), "at least 1 item"),
    *((http(f"success: {{status: [{text}]}}"), expected) for text, expected in (
        ("99", "greater than or equal to 100"), ("600", "less than or equal to 599"), ("true", WHOLE), ("'200'", WHOLE),
        ("200.5", WHOLE), ("2xx", WHOLE), ("-200", "greater"),
    )),
    (http("success: {status: 200}"), "valid list"),
    (http("success: [200]"), "valid dictionary"),
    # headers
    *((header(f"{name}: '3'"), OWN_HEADER) for name in (
        "Content-Length", "content-length", "Transfer-Encoding", "Host", "HOST", "Connection", "Expect", "TE", "Trailer",
        "Upgrade", "Keep-Alive", "Proxy-Connection",
    )),
    (header("Accept-Encoding: gzip"), "which pg_net does not unpack"),
    *((header(f"X-A: {text}"), "is empty, and a header without a value is not sent") for text in ("''", '""')),
    *((header(f"X-A: {text}"), "has blanks at its ends") for text in ("' '", "' a'", "'a '", "'{cron_secret} '")),
    *((header(f"X-A: {text}"), CONTROL) for text in (r'"a\nb"', r'"a\r\nHost: x"', r'"a\0"', r'"\ta"', r'"\x7f"')),
    (header(f"X-A: {'x' * 9000}"), "is longer than 8192 bytes"),
    (header("X-A: 5"), "must be a text"),
    (header("X-A: null, X-B: true"), "must be a text"),
    (header("X-A: {cron_secret}"), '{cron_secret} is a mapping to YAML; put it in quotes: "{cron_secret}"'),
    *((header(f"{name}: x"), "is not a header name") for name in ("'X A'", "'X-Ä'", "''", "'X(A)'")),
    (header("'X: A': x"), "has its value in its name"),
    (header("X-A: a, x-a: b"), "is given twice"),
    (header(", ".join(f"X-{at}: a" for at in range(48))), "at most 47 items"),
    (header("{Authorization: {cron_secret}}"[1:-1]), "put it in quotes"),
    (header("X-A: '{cron-secret}'"), "no secret's key, which has letters, digits and '_' alone; write {cron_secret}"),
    (header("X-A: '{cron_secret'"), "the brace at character 1"),
    (header("X-A: 'a}'"), "the brace at character 2"),
    (header("X-A: '{cron_secrt}'"), "unknown secret 'cron_secrt'; did you mean 'cron_secret'?"),
    # addresses
    (url(""), "is empty"),
    (url("{supabase-url}/x"), "no secret's key, which has letters, digits and '_' alone; write {supabase_url}"),
    *((url(f"https://x.example:{port}/"), expected) for port, expected in (
        ("0", "has 0 as port"), ("99999", "has a port above 65535"), ("abc", "has no number as port"),
        ("-1", "has no number as port"), ("8 0", "has no number as port"),
    )),
    (url("{supabase_url}:99999/x"), "has a port above 65535"),
    *((url(text), "percent-encode it") for text in (
        "https://x.example/a b", "https://x.example/ä", "{supabase_url}/a b", "{supabase_url}/ö", "https://x.example/a\\b",
        "https://exämple.org/", "https://x.example/?q=a b",
    )),
    *((url(text), "has a part after #, which is never sent") for text in ("https://x.example/#a", "{supabase_url}/x#y")),
    *((url(text), "is not a web address") for text in ("ftp://x.example", "x.example/y", "https://", "/x", "https:///x", "https://[::1")),
    (url("http://x.example/"), "without https"),
    (url("https://me@x.example/"), "has a user name before its host"),
    (url("{supabase_url}functions"), "goes on after {supabase_url} without '/'"),
    (url("{supabase_url}@evil.example/"), "goes on after {supabase_url} without '/'"),
    (url("{supabase_url}.evil.example/"), "goes on after {supabase_url} without '/'"),
    (job("description: d, schedule: 0 1 * * *, http: {url: {supabase_url}}"), "put it in quotes"),
    (job("description: d, schedule: 0 1 * * *, http: {url: 5}"), "must be a text"),
    # inputs
    *((more(f"inputs: {{n: {{type: {kind}, default: {text}}}}}"), f"'default' is no {kind}") for kind, text in (
        ("integer", "abc"), ("integer", "true"), ("integer", "1.5"), ("number", "'1'"), ("number", "false"),
        ("boolean", "1"), ("boolean", "'true'"), ("string", "1"), ("string", "true"),
    )),
    (more("inputs: {n: {type: integer, default: [1]}}"), "default"),
    (more("inputs: {m: {type: integer}}"), "input 'm' names nothing in the body"),
    *((more(f"inputs: {{n: {{type: {kind}}}}}"), f"is of type {kind}, but its value in the body is not") for kind in ("string", "boolean")),
    (job(f"{HTTP}}}, inputs: {{n: {{type: integer}}}}"), "which must then be an object"),
    (more("inputs: {n: {type: int}}"), "'string', 'integer', 'number' or 'boolean'"),
    # statements
    *((job(f"description: d, schedule: 0 1 * * *, sql: {text}"), "holds no statement") for text in (
        "''", "' '", '"\\n\\t"', "';'", "' ; ;'", "'-- nothing'", "'/* nothing */ ;'",
    )),
    (job(r'description: d, schedule: 0 1 * * *, sql: "SELECT 1\0"'), CONTROL),
    (job("description: d, schedule: 0 1 * * *, sql: 5"), "must be a text"),
    (job("description: d, schedule: 0 1 * * *, sql: [SELECT 1]"), "must be a text"),
    (job(f"{HTTP}}}, sql: SELECT 1"), "needs exactly one action"),
    (job("description: d, schedule: 0 1 * * *"), "needs exactly one action"),
    # texts
    (job(f"{HTTP.replace('description: d', 'description: 5')}}}"), "must be a text"),
    (job(HTTP.replace("description: d", r'description: "\0"') + "}"), CONTROL),
    (job(HTTP.replace("0 1 * * *", "5") + "}"), "must be a text"),
    (job(HTTP.replace("0 1 * * *", "[0 1]") + "}"), "must be a text"),
    # shapes
    ("", "is empty"),
    ("[]", "holds a sequence"),
    ("jobs: []", "valid dictionary"),
    ("jobs: {a: }", "valid"),
    ("jobs: {a: []}", "valid"),
    ("jobs: {a: x}", "valid"),
    (f"{TOP}jobs: {{'': {{{HTTP}}}}}}}", "at least 1 character"),
    (f"{TOP}jobs: {{' a': {{{HTTP}}}}}}}", "has blanks at its ends"),
    (f"{TOP}jobs: {{{'a' * 201}: {{{HTTP}}}}}}}", "at most 200 characters"),
    (f'{TOP}jobs: {{"a\\nb": {{{HTTP}}}}}}}', CONTROL),
    (f"{TOP}jobs: {{5: {{{HTTP}}}}}}}", "a name must be a text"),
    (f"{TOP}jobs: {{cron-runs-sweep-x: {{{HTTP}}}}}}}", "the project's own jobs"),
    (TOP.replace("{http: {timeout: 10}}", "[a]") + "jobs: {}\n", "defaults: input should be a valid dictionary"),
    (TOP.replace("{http: {timeout: 10}}", "a") + "jobs: {}\n", "defaults: input should be a valid dictionary"),
    (TOP.replace("timeout: 10", "timeout: abc") + f"jobs: {{a: {{{HTTP}, timeout: 5}}}}}}\n", "defaults.http.timeout: 'abc' is no time"),
    (TOP.replace("timeout: 10", "timout: 10") + "jobs: {}\n", "defaults.http.timout: unknown field 'timout'; did you mean"),
    (TOP.replace("http:", "schedule: x, http:") + "jobs: {}\n", "defaults.schedule: unknown field 'schedule'"),
    (f"{TOP}jobs: {{}}\nextra: 1\n", "unknown field 'extra'"),
    (TOP.replace("cron_secret:", "cron-secret:") + "jobs: {}\n", "secrets.cron-secret"),
    # alerts
    (alert("body: {text: '{mesage}'}"), "unknown field 'mesage'"),
    (alert("body: {text: '{'}"), "the brace at character 1"),
    (alert(f"body: {{{', '.join(f'k{at}: x' for at in range(51))}}}"), "more than 50 parts"),
    (alert("body: {x: .inf}"), INFINITE),
    (alert("headers: {Content-Length: '1'}"), OWN_HEADER),
    (alert("timeout: true"), NUMBER),
    (secret(', probe: {url: "https://x.example:0", auth: {bearer: cron_secret}}'), "has 0 as port"),
]  # fmt: skip

ACCEPTED = [
    *(body(text) for text in (
        "{x: 9007199254740993}", "{x: 12345678901234567890123}", "{x: -1}", "{x: 0.1}", "{x: 1e22}", "{x: 5e-324}",
        "{x: 1.7976931348623157e+308}", "{x: null}", "[null, {}]", "null", "'text'", "5", "false", "{}", "[]", "{'': ''}",
        "{'%s': '%(x)s', '$1': '$$', quote: \"it''s\", back: 'C:\\new', brace: '{x}'}", "{e: 😀, rtl: א, sep: \"\\u2028\"}",
        f"{{deep: {'[' * 80}{']' * 80}}}", f"{{long: {'x' * 100_000}}}", "{'?': '::jsonb', 'a;b': '--', '/*': '*/'}",
    )),
    *(http(text) for text in (
        "timeout: 0.001", "timeout: 150", "timeout: '5'", "timeout: 5s", "timeout: 2 minutes", "timeout: 0.5", "timeout: 1e1", "method: DELETE", "method: GET",
        "method: DELETE, body: {a: 1}", "success: {status: [404]}", "success: {status: [100, 599, 200, 200]}",
        "retry: {attempts: 2, backoff: 0.5}", "overlap: skip", "idempotency: Idempotency-Key", "auth: {hmac: cron_secret}",
        "auth: {bearer: cron_secret}",
    )),
    *(header(text) for text in (
        "X-A: 'a  b'", "X-A: é", "X-A: '{{x}}'", "X-A: \"it's %s $1 \\\\\"", "Content-Type: application/json", "X-A: x,y;z=1",
        "Accept-Encoding: identity", "User-Agent: me", ", ".join(f"X-{at}: a" for at in range(47)), "X-A: '{cron_secret}'",
    )),
    *(url(text) for text in (
        "{supabase_url}", "{supabase_url}:8443/x", "{supabase_url}?a={cron_secret}", "https://x.example:65535/a%20b?c=%23",
        "http://localhost:1/", "http://[::1]:8000/x", "https://x.example/'$1'/%25s", "{supabase_url}/{{x}}",
    )),
    *(more(text) for text in (
        "inputs: {n: {type: integer, default: 5}}", "inputs: {n: {type: number, default: 1.5}}", "inputs: {n: {type: integer}}",
        "active: false", "expected_duration: 10", "adopt: true",
    )),
    job("description: d, schedule: 0 1 * * *, sql: \"SELECT '%s', $$x$$, E'\\\\n' -- done\""),
    job("description: d, schedule: 0 1 * * *, sql: 'SELECT 1;'"),
    f"{TOP}jobs: {{'%s $1 ''q'' ü {{x}} \"': {{{HTTP}}}}}}}",
    f"{TOP}jobs: {{}}\n",
    TOP,
    alert("body: {text: '{message}', n: [1, null, {a: '{job} {{x}}'}]}"),
    alert(f"body: {{{', '.join(f'k{at}: x' for at in range(50))}}}"),
    secret(", grace: 0.001"),
    secret(', probe: {url: "https://x.example", auth: {bearer: cron_secret}, timeout: 0.25}'),
]  # fmt: skip


def test_there_are_more_than_a_hundred() -> None:
    assert len(REFUSED) > 150


@pytest.mark.parametrize(("text", "expected"), REFUSED, ids=range(len(REFUSED)))
def test_it_is_refused_in_a_sentence_with_its_place(text: str, expected: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        load(tmp_path, text)
    assert expected in str(refused.value)
    assert "planted" not in str(refused.value)
    for problem in refused.value.problems:
        assert re.match(rf"(?:{re.escape(str(tmp_path))}/)?jobs\.yaml:", problem), problem
        assert "\n" not in problem
        assert len(problem) < 600


@pytest.mark.parametrize("text", ACCEPTED, ids=range(len(ACCEPTED)))
def test_it_is_accepted_and_well_formed(text: str, tmp_path: Path) -> None:
    for command in commands(load(tmp_path, text)):
        command.encode()
        assert "\0" not in command
        assert balanced(command), command
        assert all(int(found) >= 1 for found in re.findall(r"timeout_milliseconds := (\d+)", command))


def commands(config: Config) -> list[str]:
    """Every statement that a catalogue compiles to."""
    parts = config.catalogue
    return [
        *(compile_command(name, job, stack="supabase-cron/dev", schema="public") for name, job in parts.jobs.items()),
        *(compile_alert(name, "j", each, stack="x/y", schema="public") for name, each in parts.alerts.items()),
        *(compile_probe(key, spec.probe, schema="public") for key, spec in parts.secrets.items() if spec.probe),
    ]


def balanced(command: str) -> bool:
    """Whether each literal and each parenthesis of a statement ends."""
    rest = re.sub(r"--[^\n]*|\$\$.*?\$\$|E?'(?:[^'\\]|''|\\.)*'|\"[^\"]*\"", "", command, flags=re.DOTALL)
    return "'" not in rest and rest.count("(") == rest.count(")")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("9007199254740993", "9007199254740993"),
        ("12345678901234567890123", "12345678901234567890123"),
        ("0.1", "0.1"),
        ("1.50", "1.5"),
        ("0x10", "16"),
        ("1.7976931348623157e+308", "1.7976931348623157e+308"),
        ("null", "null"),
    ],
)
def test_a_number_is_sent_as_it_is_written(written: str, value: str, tmp_path: Path) -> None:
    (command,) = commands(load(tmp_path, body(f"{{x: {written}}}")))
    assert f"""'{{"x": {value}}}'::jsonb""" in command


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ('{"nightly": {"http": {"body": {"x": NaN}}}}', f"'jobs' has a part that {INFINITE}"),
        ('{"nightly": {"http": {"timeout": Infinity}}}', f"'jobs' has a part that {INFINITE}"),
        ('{"nightly": {"http": {"body": {"x": 1e400}}}}', f"'jobs' has a part that {INFINITE}"),
        ('{"nightly": {"http": {"body": {"x": 12345678901234567000}}}}', "of which the engine keeps 17 digits"),
        (f'{{"nightly": {{"http": {{"body": {"9" * 5000}}}}}}}', "is a number of 5000 characters"),
        ('{"nightly": {"http": {"body": {"x": "\\u0000"}}}}', CONTROL),
        ('{"nightly": {"http": {"body": {"x": "\\ud800"}}}}', CONTROL),
        ('{"nightly": {"http": {"body": {"\\u0000": 1}}}}', CONTROL),
        ('{"nightly": {"description": "\\ud800"}}', ""),
        ('{"nightly": {"http": {"headers": {"X-A": "\\ud800"}}}}', ""),
        ('{"nightly": {"http": {"headers": {"Content-Length": "1"}}}}', OWN_HEADER),
        ('{"nightly": {"http": {"timeout": true}}}', NUMBER),
        ('{"nightly": {"http": {"timeout": "5x"}}}', "is no time"),
        ('{"nightly": {"http": {"url": "https://x.example:0"}}}', "has 0 as port"),
        ('{"nightly": {"http": 5}}', "valid dictionary"),
        ('{"nightly": 5}', "valid dictionary"),
        ("[1]", "valid dictionary"),
        ("[" * 100_000, "'jobs' must be a structure"),
        ('{"nightly": {"http": {"body": ' + "[" * 500 + "]" * 500 + "}}}", "deep"),
    ],
)
def test_what_a_stack_overrides_is_held_to_the_same(part: str, expected: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        load(tmp_path, job(HTTP + "}"), jobs=part)
    assert expected in str(refused.value)
    assert all(problem.startswith("Pulumi.dev.yaml: ") for problem in refused.value.problems)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        *(("rotators", f'["{name}"]', "is no role but a word for every role") for name in ("public", "PUBLIC", "none")),
        ("rotators", '[""]', "at least 1 character"),
        ("rotators", '["a\\u0000b"]', CONTROL),
        ("rotators", f'["{"a" * 64}"]', "is 64 bytes long"),
        ("rotators", "[5]", "must be a text"),
        ("operators", '{"role": "public"}', "is no role but a word for every role"),
        ("operators", '{"role": "pg_cron_people"}', "begins with pg_, as only PostgreSQL's own roles may"),
        ("operators", '{"role": "a", "members": ["Public"]}', "is no role but a word for every role"),
        ("operators", '{"role": "a", "members": ["a"]}', "cannot be a member of itself"),
        ("operators", '{"role": "a", "members": ["b", "b"]}', "'b' stands twice among the members"),
        *(("schema", name, "is a schema of PostgreSQL's or of the platform's own")
          for name in ("pg_catalog", "pg_temp", "pg_mine", "information_schema", "cron", "net", "vault", "auth")),
        *(("schema", name, "is no name for a schema here") for name in ("a$b", "$do$", "a%s", "%", "a b", 'a"b', "a'b", "1a", "a.b")),
        ("schema", "a" * 64, "is 64 bytes long"),
        ("retention", '{"runs": true}', WHOLE),
        ("retention", '{"runs": "30"}', WHOLE),
        ("retention", '{"runs": 0}', "greater than or equal to 1"),
        ("retention", '{"details": 1e300}', WHOLE),
        ("extensions", '{"pg_cron": {"version": 1.6}}', "must be a text"),
        ("secrets", '{"supabase_url": 5}', "must be a text"),
        ("secrets", '{"cron_secret": NaN}', "'secrets' has a part that"),
        ("catalogue", "a\0b", CONTROL),
        ("databaseUrl", 5, "must be a text"),
    ],
)  # fmt: skip
def test_so_are_the_keys_of_a_stack(key: str, value: Any, expected: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        load(tmp_path, job(HTTP + "}"), **{key: value})
    assert expected in str(refused.value)


@pytest.mark.parametrize("name", ["public", "cron_private", "größe", "a-b", "pgx", "_x"])
def test_a_schema_may_have_another_name(name: str, tmp_path: Path) -> None:
    assert load(tmp_path, job(HTTP + "}"), schema=name).settings.schema_name == name


def test_a_null_in_a_body_is_sent_unless_it_takes_something_out(tmp_path: Path) -> None:
    text = body("{a: null, b: {c: null}, d: [null], e: 1}").replace(
        "{timeout: 10}", "{timeout: 10, body: {a: 1, f: 2}}"
    )
    job = load(tmp_path, text, jobs='{"nightly": {"http": {"body": {"e": null, "g": null}}}}').catalogue.jobs["nightly"]
    assert job.http is not None
    assert job.http.body == {"b": {"c": None}, "d": [None], "f": 2, "g": None}
