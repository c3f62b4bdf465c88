"""The compiled command: readable, secrets read at run time, every hostile text still a text."""

import pytest

from components.catalogue.job import Job
from components.declaration.command import compile_command

STACK = "supabase-cron/dev"


def compiled(http: dict[str, object], schema: str = "public") -> str:
    job = Job.model_validate({"description": "d", "schedule": "0 1 * * *", "http": {"timeout": 15, **http}})
    return compile_command("nightly", job, stack=STACK, schema=schema)


def test_a_request_reads_as_the_source_document_wrote_it() -> None:
    text = compiled(
        {
            "url": "{supabase_url}/functions/v1/notification-worker",
            "headers": {"Authorization": "Bearer {service_role_key}", "apikey": "{service_role_key}"},
            "body": {"limit": 5, "runs": 1},
        }
    )
    assert text == (
        "-- supabase-cron: supabase-cron/dev/nightly\n"
        "SELECT \"public\".record_cron_run('nightly', net.http_post(\n"
        "    url := \"public\".get_secret('supabase_url') || '/functions/v1/notification-worker',\n"
        "    headers := pg_catalog.jsonb_build_object(\n"
        "        'Content-Type', 'application/json',\n"
        "        'Authorization', 'Bearer ' || \"public\".get_secret('service_role_key'),\n"
        "        'apikey', \"public\".get_secret('service_role_key')\n"
        "    ),\n"
        '    body := \'{"limit": 5, "runs": 1}\'::jsonb,\n'
        "    timeout_milliseconds := 15000\n"
        '), \'{"timeout": 15.0, "status": "{[200,300)}"}\'::jsonb || "public".cron_secret_versions('
        "ARRAY['supabase_url', 'service_role_key']))\n"
        'WHERE "public".guard_cron_queue();'
    )


@pytest.mark.parametrize(
    ("method", "function", "has_body"), [("GET", "http_get", False), ("DELETE", "http_delete", False)]
)
def test_other_methods_send_no_body_and_no_content_type(method: str, function: str, has_body: bool) -> None:
    text = compiled({"url": "https://example.com/", "method": method})
    assert f", net.{function}(" in text
    assert ("body :=" in text) is has_body
    assert "headers := '{}'::jsonb" in text


def test_quotes_backslashes_and_doubled_braces_stay_text() -> None:
    text = compiled({"url": "https://example.com/it's{{x}}", "body": {"a": "'); DROP TABLE x; -- \\"}})
    assert "url := 'https://example.com/it''s{x}'" in text
    assert """E'{"a": "''); DROP TABLE x; -- \\\\\\\\"}'::jsonb""" in text


def test_a_schema_is_an_identifier() -> None:
    assert '"my ""own""".get_secret(' in compiled({"url": "{supabase_url}/x"}, schema='my "own"')


def test_a_statement_is_kept_as_written() -> None:
    job = Job.model_validate({"description": "d", "schedule": "0 1 * * *", "sql": "SELECT '100%', '{x}';\n"})
    text = compile_command("nightly", job, stack=STACK, schema="public")
    assert text == "-- supabase-cron: supabase-cron/dev/nightly\nSELECT '100%', '{x}';"


@pytest.mark.parametrize(
    ("auth", "pair"),
    [
        ({"api_key": "key"}, "'apikey', \"public\".get_secret('key')\n"),
        ({"bearer": "key"}, "'Authorization', 'Bearer ' || \"public\".get_secret('key')\n"),
    ],
)
def test_a_secret_that_is_sent_is_one_more_header(auth: dict[str, str], pair: str) -> None:
    text = compiled({"url": "https://example.com/", "headers": {"X-A": "b"}, "auth": auth})
    assert f"'Content-Type', 'application/json',\n        'X-A', 'b',\n        {pair}" in text


def test_a_signed_request_is_written_down_once_then_signed_and_sent() -> None:
    text = compiled({"url": "{supabase_url}/functions/v1/x", "body": {"a": 1}, "auth": {"hmac": "it_s"}})
    assert text == (
        "-- supabase-cron: supabase-cron/dev/nightly\n"
        "SELECT \"public\".record_cron_run('nightly', net.http_post(\n"
        "    url := request.url,\n"
        "    headers := pg_catalog.jsonb_build_object(\n"
        "        'Content-Type', 'application/json',\n"
        "        'X-Cron-Signature', \"public\".sign_cron_request('it_s', 'POST', request.url, request.body)\n"
        "    ),\n"
        "    body := request.body,\n"
        "    timeout_milliseconds := 15000\n"
        '), \'{"timeout": 15.0, "status": "{[200,300)}"}\'::jsonb || "public".cron_secret_versions('
        "ARRAY['supabase_url', 'it_s']))\n"
        "FROM (\n"
        "    SELECT\n"
        "        \"public\".get_secret('supabase_url') || '/functions/v1/x' AS url,\n"
        "        '{\"a\": 1}'::jsonb AS body\n"
        "    OFFSET 0\n"
        ") AS request\n"
        'WHERE "public".guard_cron_queue();'
    )


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_signed_request_without_a_body(method: str) -> None:
    text = compiled({"url": "https://example.com/", "method": method, "auth": {"hmac": "k", "header": "X-Sig"}})
    assert f"'X-Sig', \"public\".sign_cron_request('k', '{method}', request.url, NULL)" in text
    assert "'https://example.com/' AS url\n    OFFSET 0" in text
    assert "body" not in text


def test_a_delete_with_a_body_signs_it() -> None:
    text = compiled({"url": "https://example.com/", "method": "DELETE", "body": [], "auth": {"hmac": "k"}})
    assert "'DELETE', request.url, request.body)" in text
    assert "'[]'::jsonb AS body" in text
