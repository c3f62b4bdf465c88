"""Expressions at random: an import knows the very value that the server computes, or says that it does not know."""

import json
import random
from collections.abc import Mapping
from typing import Any

import psycopg

from components.importing.call import Json, JsonText, Number
from components.importing.outcome import NoCall
from components.importing.sql_text import Unparsed, selected, statements
from components.importing.sql_value import Values

Connection = psycopg.Connection[tuple[Any, ...]]
EXPRESSIONS = 1500
LITERALS = (
    "''", "'a'", "'it''s'", "E'\\n'", "'ü🧹'", "$q$b$q$", "'{}'", "'{\"a\": 1}'", "'[1, 2.50]'", "'null'", "'7'", "' 7 '", "'%s'", "'%'",
    "'%2$s%%'", "'{\"a\": \"'", "'\"}'", "null", "true", "7", "-3", "1.50", "1e3", "'1e400'", "'\"x\"'", "'{\"a\":1,\"a\":2}'",
)  # fmt: skip
FORMS = (
    "{} || {}", "({} || {})", "{} || {}::jsonb", "concat({}, {})", "format({}, {})", "format({}, {}, {})", "format('%s/%1$s%%', {})",
    "{}::text", "cast({} as jsonb)", "({})::jsonb", "({})::json", "{}::varchar", "{}::varchar(2)", "{}::int", "(select {})",
    "jsonb_build_object({}, {})", "jsonb_build_object('k', {})", "jsonb_build_array({}, {})", "json_build_array({})", "json_build_object('k', {})",
    "to_jsonb({})", "to_jsonb({}::text)", "pg_catalog.concat({})",
)  # fmt: skip


def expression(chance: random.Random, depth: int) -> str:
    if depth == 0 or chance.random() < 0.15:
        return chance.choice(LITERALS)
    form = chance.choice(FORMS)
    return form.format(*(expression(chance, depth - 1) for _ in range(form.count("{}"))))


def test_a_text_or_json_that_is_known_is_the_server_s(postgres: Connection) -> None:
    chance = random.Random(21)  # noqa: S311 - the same expressions each time
    known, differ = 0, []
    for _ in range(EXPRESSIONS):
        made = expression(chance, chance.randint(1, 4))
        for kind in ("text", "jsonb"):
            ours = read(made, kind)
            if ours is None:
                continue
            known += 1
            theirs = sent(postgres, made, kind)
            if ours != theirs:
                differ.append((kind, made, ours, theirs))
    assert differ == []
    assert known > EXPRESSIONS / 4


def read(made: str, kind: str) -> str | None:
    """What an import takes an argument of a type for; None where it does not know."""
    try:
        node = selected(statements(f"SELECT {made}")[0])
        values = Values({})
        if kind == "text":
            return "".join(map(str, values.text(node)))
        return json.dumps(plain(values.json(node)), sort_keys=True)
    except (NoCall, Unparsed):
        return None


def plain(value: Any) -> Any:
    """JSON with its numbers as the texts that they are."""
    match value:
        case JsonText(parts):
            return ["text", "".join(map(str, parts))]
        case Number(text):
            return ["number", text]
        case Mapping():
            return {key: plain(part) for key, part in value.items()}
        case list():
            return ["list", *map(plain, value)]
        case None | bool():
            return value
    return ["null of SQL"]


def sent(postgres: Connection, made: str, kind: str) -> str | None:
    """What a function with a parameter of this type gets; the server's error where it gets nothing."""
    call = {"text": f"SELECT takes_text({made})", "jsonb": f"SELECT takes_jsonb({made})::text"}[kind]
    with postgres.transaction(force_rollback=True):
        postgres.execute("CREATE FUNCTION takes_text(v text) RETURNS text LANGUAGE sql AS 'SELECT v'")
        postgres.execute("CREATE FUNCTION takes_jsonb(v jsonb) RETURNS jsonb LANGUAGE sql AS 'SELECT v'")
        try:
            row = postgres.execute(call.encode()).fetchone()
        except psycopg.Error as exc:
            return f"error: {exc}"
    assert row is not None
    if kind == "text":
        return None if row[0] is None else str(row[0])
    return json.dumps(["null of SQL"] if row[0] is None else theirs(row[0]), sort_keys=True)


def theirs(text: str) -> Any:
    def numbered(digits: str) -> Json:
        return Number(digits)

    return plain(with_texts(json.loads(text, parse_int=numbered, parse_float=numbered)))


def with_texts(value: Any) -> Any:
    match value:
        case Number():
            return value
        case str():
            return JsonText((value,))
        case dict():
            return {key: with_texts(part) for key, part in value.items()}
        case list():
            return [with_texts(part) for part in value]
    return value
