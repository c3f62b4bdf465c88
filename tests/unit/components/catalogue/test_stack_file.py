"""A value in clear in a stack's file is reported by its place, whatever stands encrypted beside it."""

from pathlib import Path

import pytest

from components.catalogue.stack_file import keys_in_clear, values_in_clear
from components.errors import InvalidConfiguration

ENCRYPTED = "{secure: 'v1:abc:def'}"


def mistakes(tmp_path: Path, config: str, project: str = "name: supabase-cron\n", folder: str = "") -> list[str]:
    (tmp_path / "Pulumi.yaml").write_text(project, encoding="utf-8")
    (tmp_path / folder).mkdir(exist_ok=True)
    (tmp_path / folder / "Pulumi.dev.yaml").write_text(config, encoding="utf-8")
    return list(values_in_clear(tmp_path, "supabase-cron", "dev"))


@pytest.mark.parametrize(
    ("config", "places"),
    [
        (f"supabase-cron:secrets: {{a: {ENCRYPTED}, b: planted}}", ["secrets.b"]),
        (f"supabase-cron:secrets: {{a: {ENCRYPTED}, b: 12345678}}", ["secrets.b"]),
        (f"supabase-cron:secrets: {{a: {ENCRYPTED}, b: {{secure: 1}}}}", ["secrets.b.secure"]),
        ("supabase-cron:secrets: {a: planted, b: planted}", ["secrets.a", "secrets.b"]),
        ("""supabase-cron:secrets: '{"a": "planted"}'""", ["secrets"]),
        ("supabase-cron:secrets: [planted]", ["secrets[0]"]),
        ("supabase-cron:secrets.a: planted", ["secrets.a"]),
        ("supabase-cron:databaseUrl: postgresql://u:planted@h/db", ["databaseUrl"]),
        (f"supabase-cron:config:secrets: {{a: {ENCRYPTED}, b: planted}}", ["secrets.b"]),
    ],
)
def test_a_value_in_clear_is_told_by_its_place(tmp_path: Path, config: str, places: list[str]) -> None:
    found = mistakes(tmp_path, f"config:\n  {config}\n")
    assert found == [
        f"supabase-cron:{place} stands in clear in the stack's file; run: pulumi config set --secret --path {place} "
        "--stack dev"
        for place in places
    ]
    assert "planted" not in str(found)


@pytest.mark.parametrize(
    "config",
    [
        f"supabase-cron:secrets: {{a: {ENCRYPTED}, b: {ENCRYPTED}}}",
        f"supabase-cron:secrets: {ENCRYPTED}",
        f"supabase-cron:databaseUrl: {ENCRYPTED}",
        "supabase-cron:secrets: {}",
        "supabase-cron:secrets: ''",
        "supabase-cron:databaseUrl: ''",
        "supabase-cron:schema: private",
        "other:secrets: {a: plain}",
        "aws:region: eu-central-1",
    ],
)
def test_what_is_encrypted_unset_or_no_secret_is_left_alone(tmp_path: Path, config: str) -> None:
    assert mistakes(tmp_path, f"config:\n  {config}\n") == []


def test_the_file_is_looked_for_where_the_project_keeps_it(tmp_path: Path) -> None:
    project = "name: supabase-cron\nstackConfigDir: config\n"
    assert len(mistakes(tmp_path, "config: {supabase-cron:secrets: {a: planted}}", project, "config")) == 1


@pytest.mark.parametrize("ending", [".yaml", ".yml", ".json"])
def test_the_file_has_the_ending_of_the_projects(tmp_path: Path, ending: str) -> None:
    (tmp_path / f"Pulumi{ending}").write_text('{"name": "supabase-cron"}', encoding="utf-8")
    text = '{"config": {"supabase-cron:secrets": {"a": "planted"}}}'
    (tmp_path / f"Pulumi.dev{ending}").write_text(text, encoding="utf-8")
    assert len(list(values_in_clear(tmp_path, "supabase-cron", "me/supabase-cron/dev"))) == 1


@pytest.mark.parametrize("text", ["", "[]", "config: []", "config: null"])
def test_a_file_that_says_nothing_is_the_engines_to_tell_of(tmp_path: Path, text: str) -> None:
    assert mistakes(tmp_path, text) == []


def test_a_stack_without_a_file_has_nothing_to_read(tmp_path: Path) -> None:
    assert list(values_in_clear(tmp_path, "supabase-cron", "dev")) == []


def test_a_key_in_clear_is_told_wherever_its_value_comes_from() -> None:
    values = {"p:secrets": '{"a": "planted"}', "p:databaseUrl": "planted", "p:schema": "public", "q:secrets": "planted"}
    assert list(keys_in_clear("p", values, [])) == [
        "p:databaseUrl stands in clear in the stack's file; run: pulumi config set --secret databaseUrl",
        "p:secrets stands in clear in the stack's file; run: pulumi config set --secret --path secrets.<key>, for each key",
    ]
    assert list(keys_in_clear("p", values, ["p:secrets", "p:databaseUrl"])) == []
    assert list(keys_in_clear("p", {"p:secrets": "{}", "p:databaseUrl": ""}, [])) == []


@pytest.mark.parametrize(
    ("config", "project"),
    [
        ("config:\n  secrets:\n    b: planted\n", "name: supabase-cron\n"),
        ("config:\n  supabase-cron:secrets:\n    b: !x planted\n", "name: supabase-cron\n"),
        ("config:\n  supabase-cron:secrets:\n    b: planted\n---\nx: 1\n", "name: supabase-cron\n"),
    ],
)
def test_what_the_engine_reads_is_read(tmp_path: Path, config: str, project: str) -> None:
    (found,) = mistakes(tmp_path, config, project)
    assert found.startswith("supabase-cron:secrets.b stands in clear")


def test_an_alias_of_what_it_stands_in_ends(tmp_path: Path) -> None:
    assert len(mistakes(tmp_path, "config: {supabase-cron:secrets: &a {b: *a, c: planted}}")) == 1


def test_the_older_name_of_the_folder_counts(tmp_path: Path) -> None:
    project = "name: supabase-cron\nconfig: folder\n"
    assert len(mistakes(tmp_path, "config: {supabase-cron:secrets: {a: planted}}", project, "folder")) == 1


@pytest.mark.parametrize("text", ["{", "config: {x: !!timestamp planted}", "config: [!!int planted"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidConfiguration, match=r"^Pulumi.dev.yaml: cannot be read as YAML, so nobody knows"):
        mistakes(tmp_path, text)
