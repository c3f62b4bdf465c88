"""Functions that stand for a secret's value are those that do nothing but read one."""

import pytest

from components.importing.call import Reader
from components.importing.functions import FunctionRow, readers

VAULT = "select decrypted_secret from vault.decrypted_secrets where name = {}"


@pytest.mark.parametrize(
    ("argument", "language", "source", "reader"),
    [
        ("k", "sql", VAULT.format("k"), Reader("vault", None)),
        ("k", "sql", VAULT.format("$1") + " limit 1", Reader("vault", None)),
        ("", "sql", VAULT.format("$1"), Reader("vault", None)),
        (None, "sql", VAULT.format("'v'"), Reader("vault", "v")),
        (None, "sql", "select value from private.app_secrets where name = 'n'", Reader("private.app_secrets", "n")),
        ("k", "plpgsql", f"begin return ({VAULT.format('k')}); end", Reader("vault", None)),
        ("k", "plpgsql", "declare v text; begin select value into v from cron_secrets where key = k; return v; end", Reader("", None)),
        ("k", "plpgsql", "declare v text; begin select value into strict v from cron_secrets where key = k; if v is null then raise exception 'no'; end if; return trim(v); end;", Reader("", None, strips=True)),
        ("k", "plpgsql", "declare v text; begin select replace(value, '\"', '') into v from cron_secrets where key = k; return v; end", Reader("", None, strips=True)),
    ],
)  # fmt: skip
def test_a_plain_read_stands_for_a_value(argument: str | None, language: str, source: str, reader: Reader) -> None:
    row = FunctionRow("app", "f", argument, language, source, visible=True)
    assert readers([row]) == {"app.f": reader, "f": reader}
    assert readers([row._replace(visible=False)]) == {"app.f": reader}


@pytest.mark.parametrize(
    ("argument", "language", "source"),
    [
        ("k", "sql", "select k || 'secret'"),
        ("k", "sql", "select value from prices where name = k"),
        ("k", "sql", VAULT.format("k || 'x'")),
        ("k", "sql", VAULT.format("'v'")),
        (None, "sql", VAULT.format("other")),
        ("k", "sql", f"delete from secrets; {VAULT.format('k')}"),
        ("k", "sql", "select upper(decrypted_secret) from vault.decrypted_secrets where name = k"),
        ("k", "sql", "selec secret"),
        ("k", "plpgsql", f"begin perform log(); return ({VAULT.format('k')}); end"),
        ("k", "plpgsql", f"declare v text := f(); begin return ({VAULT.format('k')}); end"),
        ("k", "plpgsql", "declare v text; begin select value into v from secrets where key = k; if v is null then v := 'FALLBACK'; end if; return v; end"),
        ("k", "plpgsql", "declare v text; begin select value into v from secrets where key = k; return k; end"),
        ("k", "plpgsql", f"begin return ({VAULT.format('k')}); exception when others then return 'secret'; end"),
        ("k", "plpgsql", "begin return secret"),
    ],
)  # fmt: skip
def test_what_does_more_or_something_else_does_not(argument: str | None, language: str, source: str) -> None:
    assert readers([FunctionRow("app", "f", argument, language, source, visible=True)]) == {}
