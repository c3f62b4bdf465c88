"""Where a stack's database is: from plain values of its files, or from the engine where only it knows."""

from collections.abc import Callable
from pathlib import Path

import pytest

from components.errors import Error, InvalidConfiguration
from cronctl.place import Place, find_place
from cronctl.stack_values import StackValues

ENCRYPTED = "{secure: 'v1:abc:def'}"
URL = "postgresql://u@127.0.0.1/db"

Write = Callable[..., Path]
Asked = list[str | None]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(config: str = "", project: str = "", beside: str = "") -> Path:
        (tmp_path / "Pulumi.yaml").write_text(f"name: supabase-cron\nruntime: python\n{project}")
        (tmp_path / "Pulumi.dev.yaml").write_text(f"{beside}\nconfig:\n  a:b: c\n{config}")
        return tmp_path

    return written


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """The stacks that the engine was asked for; it says that the schema is ``engine``."""
    stacks: Asked = []

    def ask(stack: str | None, root: Path) -> Callable[[], StackValues]:
        stacks.append(stack)
        return lambda: StackValues(root, "supabase-cron", "dev", {"schema": "engine", "databaseUrl": URL})

    monkeypatch.setattr("cronctl.stack_values.ask_values", ask)
    return stacks


@pytest.mark.parametrize(
    ("config", "project", "place"),
    [
        ("", "", Place("public")),
        ("  supabase-cron:schema: private\n", "", Place("private")),
        ("  supabase-cron:config:schema: private\n", "", Place("private")),
        ("  supabase-cron:allowUnverifiedTls: true\n", "", Place("public", allow_unverified_tls=True)),
        ("  supabase-cron:allowUnverifiedTls: 'true'\n", "", Place("public", allow_unverified_tls=True)),
        ("  other:schema: private\n", "", Place("public")),
        (f"  supabase-cron:secrets:\n    a: {ENCRYPTED}\n", "", Place("public")),
        (f"  supabase-cron:databaseUrl: {ENCRYPTED}\n", "", Place("public")),
        ("", "config:\n  schema: {type: string, default: ours}\n", Place("ours")),
        ("", "config:\n  supabase-cron:schema: ours\n", Place("ours")),
        (
            "  supabase-cron:schema: private\n",
            "config: {schema: {default: ours}, secrets: {default: {}}}\n",
            Place("private"),
        ),
    ],
)
def test_plain_values_are_read_from_the_files(
    write: Write, asked: Asked, monkeypatch: pytest.MonkeyPatch, config: str, project: str, place: Place
) -> None:
    monkeypatch.setenv("SUPABASE_CRON_DATABASE_URL", URL)
    root = write(config, project)
    for name in ("dev", "organization/supabase-cron/dev"):
        assert find_place(name, root)() == place
    assert asked == []


def test_of_a_stack_of_another_project_the_engine_is_asked(
    write: Write, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPABASE_CRON_DATABASE_URL", URL)
    root = write("  supabase-cron:schema: private\n")
    find_place("acme/other/dev", root)
    assert asked == ["acme/other/dev"]


@pytest.mark.parametrize(
    ("config", "project", "beside"),
    [
        (f"  supabase-cron:schema: {ENCRYPTED}\n", "", ""),
        ("  supabase-cron:schema.part: x\n", "", ""),
        ("  supabase-cron:schema: 5\n", "", ""),
        ("  supabase-cron:schema: pg_private\n", "", ""),
        ("  supabase-cron:schema: auth\n", "", ""),
        (f"  supabase-cron:schema: {'long' * 16}\n", "", ""),
        ("  supabase-cron:allowUnverifiedTls: perhaps\n", "", ""),
        ("", "config:\n  schema: {value: ours}\n", ""),
        ("", "config:\n  databaseUrl: {default: 'postgresql://h/db'}\n", ""),
        ("", "", "environment: [shared]"),
    ],
)
def test_the_engine_is_asked_where_it_alone_knows(
    write: Write, asked: Asked, monkeypatch: pytest.MonkeyPatch, config: str, project: str, beside: str
) -> None:
    monkeypatch.setenv("SUPABASE_CRON_DATABASE_URL", "postgresql://h/db")
    place = find_place("dev", write(config, project, beside))
    assert asked == ["dev"]
    assert place() == Place("engine", database_url=URL)


def test_the_engine_is_asked_for_a_stack_without_a_file_and_for_the_database(
    write: Write, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write()
    monkeypatch.setenv("SUPABASE_CRON_DATABASE_URL", URL)
    assert find_place("other", root)().schema == "engine"
    monkeypatch.delenv("SUPABASE_CRON_DATABASE_URL")
    assert find_place("dev", root)().database_url == URL
    assert find_place(None, root)().database_url == URL
    assert asked == ["other", "dev", None]


def test_a_secret_in_clear_is_told_though_nobody_asks_for_it(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPABASE_CRON_DATABASE_URL", URL)
    with pytest.raises(InvalidConfiguration, match=r"supabase-cron:secrets\.a stands in clear") as refused:
        find_place("dev", write("  supabase-cron:secrets: {a: planted}\n"))
    assert "planted" not in str(refused.value)


def test_values_that_cannot_be_right_are_told_as_a_preview_tells_them(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write()

    def ask(stack: str | None, root: Path) -> Callable[[], StackValues]:
        return lambda: StackValues(root, "supabase-cron", "dev", {"schema": "auth"})

    monkeypatch.setattr("cronctl.stack_values.ask_values", ask)
    monkeypatch.setenv("SUPABASE_CRON_DATABASE_URL", URL)
    with pytest.raises(InvalidConfiguration, match=r"Pulumi\.dev\.yaml: supabase-cron:schema: 'auth' is a schema of"):
        find_place("other", root)()


def test_nobody_named_a_database(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(stack: str | None, root: Path) -> Callable[[], StackValues]:
        raise Error("no engine")

    monkeypatch.setattr("cronctl.stack_values.ask_values", ask)
    monkeypatch.delenv("SUPABASE_CRON_DATABASE_URL", raising=False)
    with pytest.raises(Error, match=r"no database to connect to; set .* or let a stack say it \(no engine\)"):
        find_place(None, write())
    with pytest.raises(Error, match=r"^no engine$"):
        find_place("dev", write())
