"""Members of a body that SQL expressions make: what the catalogue takes of them, and the command that makes them."""

from typing import Any

import pytest
from pydantic import ValidationError

from components.catalogue.as_written import as_written
from components.catalogue.base_model import problems
from components.catalogue.job import Job
from components.catalogue.jobs_file import Catalogue
from components.catalogue.settings import Settings
from components.catalogue.stack_config import merge_patch
from components.declaration.command import compile_command
from components.leaks.exposed_key import planted_in_command, sends_reusable_key
from components.operations.job_inputs import with_inputs


def job(inputs: dict[str, Any] | None = None, **http: Any) -> Job:
    sent = {"url": "https://example.com/x", "timeout": 5, **http}
    return Job.model_validate({"description": "d", "schedule": "0 1 * * *", "http": sent, "inputs": inputs or {}})


def body_of(made: Job) -> str:
    command = compile_command("nightly", made, stack="supabase-cron/dev", schema="public")
    return command.partition("body := ")[2].partition(",\n")[0]


def refusal(**fields: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        job(**fields)
    return "; ".join(sentence for _, sentence in problems(caught.value, Job))


@pytest.mark.parametrize(
    ("body", "made", "compiled"),
    [
        (None, {"time": "now()"}, "pg_catalog.jsonb_build_object('time', pg_catalog.to_jsonb((SELECT (now()))))"),
        ({}, {"sql": "1"}, "pg_catalog.jsonb_build_object('sql', pg_catalog.to_jsonb((SELECT (1))))"),
        (
            {"b": 1.50, "a": "{x} 100%"},
            {"it's": "'{%s}'"},
            '\'{"b": 1.5, "a": "{x} 100%"}\'::jsonb || '
            "pg_catalog.jsonb_build_object('it''s', pg_catalog.to_jsonb((SELECT ('{%s}'))))",
        ),
        (
            {"meta": {"kind": "x"}, "n": 1},
            {"meta": {"time": "now()"}, "new": {"a": {"b": "2"}}},
            "'{\"n\": 1}'::jsonb || pg_catalog.jsonb_build_object("
            "'meta', '{\"kind\": \"x\"}'::jsonb || "
            "pg_catalog.jsonb_build_object('time', pg_catalog.to_jsonb((SELECT (now())))), "
            "'new', pg_catalog.jsonb_build_object('a', "
            "pg_catalog.jsonb_build_object('b', pg_catalog.to_jsonb((SELECT (2))))))",
        ),
    ],
)
def test_expressions_stand_in_the_statement_beside_the_constant_rest(
    body: dict[str, Any] | None, made: dict[str, Any], compiled: str
) -> None:
    assert body_of(job(body=body, body_sql=made)) == compiled


def test_a_body_with_a_key_named_sql_is_data() -> None:
    assert body_of(job(body={"time": {"sql": "now()"}})) == '\'{"time": {"sql": "now()"}}\'::jsonb'


def test_a_delete_has_a_body_where_one_is_made() -> None:
    assert "SELECT (now())" in body_of(job(method="DELETE", body_sql={"time": "now()"}))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"method": "GET", "body_sql": {"time": "now()"}}, "a GET has no body; use POST or remove 'body_sql'"),
        ({"body": {"time": 1}, "body_sql": {"time": "now()"}}, "'body_sql' makes 'time', which 'body' has already"),
        ({"body": [1], "body_sql": {"time": "now()"}}, "makes members of 'body', which must then be an object"),
        (
            {"body": {"meta": None}, "body_sql": {"meta": {"time": "now()"}}},
            "makes members of 'body.meta', which must then be an object",
        ),
        (
            {"body": {"meta": {"time": 1}}, "body_sql": {"meta": {"time": "now()"}}},
            "'body_sql' makes 'time', which 'body.meta' has already",
        ),
        ({"body_sql": {"n": 1}}, "has no text as 'n'; write an SQL expression, or put the value into 'body'"),
        ({"body_sql": {"n": ["now()"]}}, "has no text as 'n'"),
        ({"body_sql": {"n": None}}, "has no text as 'n'"),
        ({"body_sql": {"n": {"m": "-- nothing"}}}, "holds no SQL expression as 'm'"),
        ({"body_sql": {}}, "has 0 keys at one level"),
        ({"body_sql": {"n": {}}}, "has 0 keys at one level"),
        ({"body_sql": {f"k{n}": "1" for n in range(51)}}, "has 51 keys at one level, and may have 1 to 50"),
        ({"body_sql": "now()"}, "valid dictionary"),
        (
            {"body": {"a": None}, "body_sql": {"time": "now()"}, "inputs": {"time": {"type": "string"}}},
            "input 'time' names what 'body_sql' makes at run time; remove one of them",
        ),
    ],
)
def test_what_cannot_be_made_is_refused(fields: dict[str, Any], told: str) -> None:
    assert told in refusal(**fields)


@pytest.mark.parametrize("part", ["alerts", "probe"])
def test_only_jobs_have_such_bodies(part: str) -> None:
    request = {"url": "{base}/x", "body_sql": {"time": "now()"}}
    secrets = {"base": {"description": "d", "format": "url", **({"probe": request} if part == "probe" else {})}}
    alerts = {"a": {"http": request}} if part == "alerts" else {}
    with pytest.raises(ValidationError, match="body_sql"):
        Catalogue.model_validate({"secrets": secrets, "alerts": alerts, "jobs": {}})


def test_inputs_are_set_beside_what_is_made() -> None:
    declared = job({"limit": {"type": "integer"}}, body={"limit": 5}, body_sql={"time": "now()"})
    assert body_of(with_inputs("nightly", declared, {"limit": "7"})).startswith("'{\"limit\": 7}'::jsonb || ")


def test_a_preview_shows_it() -> None:
    assert (as_written(job(body={"a": 1}, body_sql={"time": "now()"})) or {})["body_sql"] == {"time": "now()"}


def test_a_stack_may_change_an_expression_in_json() -> None:
    declared = {"http": {"body_sql": {"time": "now()", "day": "current_date"}}}
    settings = Settings.model_validate(
        {"jobs": '{"nightly": {"http": {"body_sql": {"time": "now()::text", "day": null}}}}'}
    )
    assert merge_patch(declared, settings.jobs["nightly"]) == {"http": {"body_sql": {"time": "now()::text"}}}


@pytest.mark.parametrize(
    ("made", "place"),
    [
        ({"token": "'planted-hunter2'"}, ("token",)),
        ({"token": "'planted-hunter2'::text"}, ("token",)),
        ({"meta": {"x": "concat('ghp_plantedplantedplantedplantedplanted0')"}}, ("meta", "x")),
        ({"x": "jsonb_build_object('api_key', 'planted-hunter2')"}, ("x",)),
        ({"ghp_plantedplantedplantedplantedplanted0": "now()"}, ()),
    ],
)
def test_a_pasted_key_is_found_as_in_a_body(made: dict[str, Any], place: tuple[str, ...]) -> None:
    declared = {"description": "d", "schedule": "0 1 * * *"}
    http = {"url": "https://example.com/x", "timeout": 5, "body_sql": made}
    ((found, sentence),) = Catalogue.model_validate({"jobs": {"nightly": {**declared, "http": http}}}).problems()
    assert found == ("jobs", "nightly", "http", "body_sql", *place)
    assert sentence.startswith("holds what looks like a key")
    assert "planted" not in sentence


def test_the_doctor_sees_a_key_that_is_read_into_a_body_and_nothing_else() -> None:
    def command(made: dict[str, Any]) -> str:
        return compile_command("nightly", job(body_sql=made), stack="supabase-cron/dev", schema="public")

    assert not sends_reusable_key(command({"time": "now()", "id": "gen_random_uuid()"}))
    assert sends_reusable_key(command({"made": "public.get_secret('a')"}))
    assert planted_in_command(command({"time": "now()", "id": "'3f2504e0-4f89-11d3-9a0c-0305e82c3301'::uuid"})) == ()
    assert planted_in_command(command({"api_key": "'planted-hunter2'"})) == ("a literal api_key",)


def test_what_is_no_key_passes() -> None:
    made = {"time": "now()", "token": "gen_random_uuid()", "id": "'3f2504e0-4f89-11d3-9a0c-0305e82c3301'::uuid"}
    declared = {"description": "d", "schedule": "0 1 * * *"}
    http = {"url": "https://example.com/x", "timeout": 5, "body_sql": made}
    assert Catalogue.model_validate({"jobs": {"nightly": {**declared, "http": http}}}).problems() == []
