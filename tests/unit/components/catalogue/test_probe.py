"""A secret's probe and grace: what may be declared, each mistake as a sentence, and the statement it compiles to."""

from typing import Any

import pytest
from pydantic import ValidationError

from components.catalogue.base_model import problems
from components.catalogue.jobs_file import Catalogue
from components.catalogue.request import Probe
from components.catalogue.secret_spec import SecretSpec
from components.declaration.command import compile_probe

MANAGEMENT = "https://api.example.com/v1"


def spec(**fields: Any) -> dict[str, Any]:
    return {"description": "d", "format": "token", **fields}


def mistakes(**secrets: dict[str, Any]) -> list[tuple[tuple[str | int, ...], str]]:
    return Catalogue.model_validate({"secrets": secrets}).problems()


def probe(*keys: str, **fields: Any) -> dict[str, Any]:
    return {"url": MANAGEMENT, "headers": {f"X-{key}": f"{{{key}}}" for key in keys}, **fields}


def compiled(key: str = "token", schema: str = "public", **fields: Any) -> str:
    return compile_probe(key, Probe.model_validate(fields), schema=schema)


def test_a_probe_asks_by_default_and_does_not_wait_long() -> None:
    declared = SecretSpec.model_validate(spec(probe=probe("a")))
    assert declared.probe is not None
    assert (declared.probe.method, declared.probe.timeout, declared.grace) == ("GET", 10, 86400)
    assert SecretSpec.model_validate(spec()).probe is None


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"probe": probe("a", timeout=31)}, "input should be less than or equal to 30"),
        ({"probe": probe("a", timeout=0)}, "input should be greater than or equal to 0.001"),
        ({"probe": {}}, "is missing"),
        ({"probe": probe("a", body={})}, "a GET has no body; use POST or remove 'body'"),
        ({"probe": probe("a", bodi={})}, "unknown field 'bodi'; did you mean 'body'?"),
        ({"grace": 0}, "input should be greater than or equal to 0.001"),
        ({"grace": 30 * 86400 + 1}, "input should be less than or equal to 2592000"),
    ],
)
def test_each_mistake_in_a_probe_or_grace(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as refused:
        SecretSpec.model_validate(spec(**fields))
    assert [text for _, text in problems(refused.value, SecretSpec)] == [sentence]


def test_a_probe_must_read_its_own_secret() -> None:
    assert mistakes(a=spec(probe=probe("b")), b=spec()) == [
        (("secrets", "a", "probe"), "its probe never reads 'a', so it would prove nothing")
    ]


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"url": "{a}/health"}, "url"),
        ({"url": MANAGEMENT, "headers": {"X-A": "{a}"}}, "token"),
        ({"url": MANAGEMENT, "auth": {"bearer": "a"}}, "token"),
        ({"url": MANAGEMENT, "auth": {"hmac": "a"}}, "token"),
    ],
)
def test_url_headers_and_auth_all_read(fields: dict[str, Any], kind: str) -> None:
    assert mistakes(a=spec(format=kind, probe=fields)) == []


def test_an_unknown_secret_and_an_unfit_format_are_told_as_for_jobs() -> None:
    found = mistakes(key=spec(format="api_key", probe=probe("kee", auth={"bearer": "key"})))
    assert found[0] == (("secrets", "key", "probe"), "reads the unknown secret 'kee'; did you mean 'key'?")
    assert found[1][0] == ("secrets", "key", "probe", "auth")
    assert found[1][1].startswith("sends 'key' as a bearer, but a new API key")
    assert len(found) == 2


def test_probes_that_read_each_other_are_told_once_with_the_whole_circle() -> None:
    assert mistakes(a=spec(probe=probe("a", "b")), b=spec(probe=probe("b", "a"))) == [
        (
            ("secrets", "a", "probe"),
            "its probe reads 'b', whose probe reads 'a': a circle, in which no value can be proved before the others; "
            "let one of them read fewer secrets",
        )
    ]


def test_circles_of_any_length_and_several_of_them() -> None:
    found = mistakes(
        x=spec(probe=probe("x", "a")),
        a=spec(probe=probe("a", "b")),
        b=spec(probe=probe("b", "c")),
        c=spec(probe=probe("c", "a")),
        d=spec(probe=probe("d", "e")),
        e=spec(probe=probe("e", "d")),
    )
    assert [place for place, _ in found] == [("secrets", "a", "probe"), ("secrets", "d", "probe")]
    assert found[0][1].startswith("its probe reads 'b', whose probe reads 'c', whose probe reads 'a': a circle")


def test_a_probe_may_read_what_does_not_read_it_back() -> None:
    assert mistakes(a=spec(probe=probe("a", "b", "c")), b=spec(probe=probe("b", "c")), c=spec()) == []


UNDER_TEST = "\"public\".cron_secret_under_test('token', $1::text)"


def test_the_secret_under_test_is_what_is_pending_and_the_others_are_read() -> None:
    text = compiled(
        url="{supabase_url}/rest/v1/?x=100%&y=$2", headers={"X-Both": "{token}:{{{token}}}:{other}"}, timeout=2.5
    )
    assert text == (
        "SELECT net.http_get(\n"
        "    url := \"public\".get_secret('supabase_url') || '/rest/v1/?x=100%&y=$2',\n"
        "    headers := pg_catalog.jsonb_build_object(\n"
        f"        'X-Both', {UNDER_TEST} || ':{{' || {UNDER_TEST} || '}}:' || \"public\".get_secret('other')\n"
        "    ),\n"
        "    timeout_milliseconds := 2500\n"
        ")"
    )


def test_a_bearer_under_test() -> None:
    assert f"'Authorization', 'Bearer ' || {UNDER_TEST}\n" in compiled(url=MANAGEMENT, auth={"bearer": "token"})


def test_a_probe_that_signs_with_the_value_under_test() -> None:
    text = compiled(url="{supabase_url}/x", method="POST", auth={"hmac": "token"}, schema='my "own"')
    assert text == (
        "SELECT net.http_post(\n"
        "    url := request.url,\n"
        "    headers := pg_catalog.jsonb_build_object(\n"
        "        'Content-Type', 'application/json',\n"
        '        \'X-Cron-Signature\', "my ""own""".sign_cron_request_with('
        'ARRAY["my ""own""".cron_secret_under_test(\'token\', $1::text)], \'POST\', request.url, request.body)\n'
        "    ),\n"
        "    body := request.body,\n"
        "    timeout_milliseconds := 10000\n"
        ")\n"
        "FROM (\n"
        "    SELECT\n"
        '        "my ""own""".get_secret(\'supabase_url\') || \'/x\' AS url,\n'
        "        '{}'::jsonb AS body\n"
        "    OFFSET 0\n"
        ") AS request"
    )


def test_a_probe_that_signs_with_another_secret() -> None:
    text = compiled(url="https://example.com/{token}", auth={"hmac": "other"})
    assert "\"public\".sign_cron_request('other', 'GET', request.url, NULL)" in text
    assert f"'https://example.com/' || {UNDER_TEST} AS url\n" in text
