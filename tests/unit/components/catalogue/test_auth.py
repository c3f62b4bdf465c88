"""``auth`` of a request: what each form compiles to, and every mistake as one sentence without a value."""

from typing import Any

import jwt
import pytest
from pydantic import ValidationError

from components.catalogue.base_model import problems
from components.catalogue.jobs_file import Catalogue
from components.catalogue.request import Auth, HttpAction
from components.catalogue.secret_value import misplaced_keys, misplaced_probe_keys
from components.values.choices import SecretFormat

URL = "{supabase_url}/functions/v1/x"
STRONG = "planted" * 5


def mistakes(auth: dict[str, Any] | None, **http: Any) -> list[str]:
    with pytest.raises(ValidationError) as refused:
        HttpAction.model_validate({"url": URL, "timeout": 5, "auth": auth, **http})
    return [sentence for _, sentence in problems(refused.value, HttpAction)]


def catalogue(auth: dict[str, Any], secret_format: SecretFormat, **http: Any) -> Catalogue:
    return Catalogue.model_validate(
        {
            "secrets": {
                "supabase_url": {"description": "d", "format": "url"},
                "key": {"description": "d", "format": secret_format},
            },
            "jobs": {
                "nightly": {
                    "description": "d",
                    "schedule": "0 1 * * *",
                    "http": {"url": URL, "timeout": 5, "auth": auth, **http},
                }
            },
        }
    )


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        ({"hmac": "key"}, "X-Cron-Signature"),
        ({"hmac": "key", "header": "X-Signed"}, "X-Signed"),
        ({"api_key": "key"}, "apikey"),
        ({"bearer": "key"}, "Authorization"),
    ],
)
def test_each_form_has_its_header_and_counts_its_key(auth: dict[str, str], header: str) -> None:
    http = HttpAction.model_validate({"url": URL, "timeout": 5, "auth": auth})
    assert http.auth is not None
    assert http.auth.header_name == header
    assert http.secret_keys() == ("supabase_url", "key")


def test_a_request_without_auth_is_what_it_was() -> None:
    http = HttpAction.model_validate({"url": URL, "timeout": 5, "auth": None})
    assert http.auth is None
    assert http.secret_keys() == ("supabase_url",)


@pytest.mark.parametrize(
    ("auth", "http", "expected"),
    [
        ({}, {}, "needs exactly one of 'hmac', 'api_key' and 'bearer', with the key of a secret"),
        (
            {"bearer": "a", "api_key": "b"},
            {},
            "has 'api_key' and 'bearer', but a request proves itself in one way; keep one (null takes out what the "
            "defaults give)",
        ),
        (
            {"bearer": "a", "header": "X-A"},
            {},
            "'header' is where a signature goes, and 'bearer' has a header of its own; remove it",
        ),
        (
            {"hmac": "a", "header": "content-type"},
            {},
            "the signature cannot go in 'content-type', which HTTP needs itself; name another header",
        ),
        ({"hmac": "a", "header": "X A"}, {}, "'X A' is not a header name; use letters, digits and '-'"),
        ({"hmak": "a", "bearer": "b"}, {}, "unknown field 'hmak'; did you mean 'hmac'?"),
        (
            {"bearer": "a"},
            {"headers": {"authorization": "x"}},
            "header 'Authorization' is given twice, in 'headers' and by 'auth'; keep one",
        ),
        (
            {"api_key": "a"},
            {"headers": {"APIKEY": "x"}},
            "header 'apikey' is given twice, in 'headers' and by 'auth'; keep one",
        ),
        (
            {"hmac": "a", "header": "X-Sig"},
            {"headers": {"x-sig": "x"}},
            "header 'X-Sig' is given twice, in 'headers' and by 'auth'; keep one",
        ),
    ],
)
def test_each_mistake_in_the_form(auth: dict[str, Any], http: dict[str, Any], expected: str) -> None:
    assert mistakes(auth, **http) == [expected]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("{u}/a/../b", "its path has a '.' or '..' step"),
        ("https://example.com/a/%2E%2e", "its path has a '.' or '..' step"),
        ("{u}/{v}/.", "its path has a '.' or '..' step"),
        ('{u}/a"b', "its path or query holds what may change on its way"),
        ("{u}/a%2fb", "its path or query holds what may change on its way"),
        ("{u}/a%", "its path or query holds what may change on its way"),
        ("{u}/a?it's", "its path or query holds what may change on its way"),
        ("{u}/a?b[]=1", "its path or query holds what may change on its way"),
        ("https://example.com?", "its path or query holds what may change on its way"),
    ],
)
def test_an_address_that_changes_on_its_way_cannot_be_signed(url: str, expected: str) -> None:
    (found,) = mistakes({"hmac": "key"}, url=url)
    assert found.startswith(expected)
    HttpAction.model_validate({"url": url, "timeout": 5, "auth": {"bearer": "key"}})


@pytest.mark.parametrize(
    "url",
    ["{u}", "{u}{v}?{w}=1", "https://example.com", "https://example.com?a=%20&b={u}", "{u}/it's/..a/.b./{{%7B"],
)
def test_an_address_that_does_not_can(url: str) -> None:
    url = url.replace("{{", "%7B")
    HttpAction.model_validate({"url": url, "timeout": 5, "auth": {"hmac": "key"}})


@pytest.mark.parametrize(
    ("form", "secret_format", "expected"),
    [
        ("hmac", "url", "takes 'key' as its hmac, but that is an address (format: url) and proves nothing"),
        ("bearer", "url", "takes 'key' as its bearer, but that is an address (format: url) and proves nothing"),
        ("api_key", "url", "takes 'key' as its api_key, but that is an address (format: url) and proves nothing"),
        (
            "api_key",
            "jwt",
            "sends 'key' in 'apikey' alone, but a legacy JWT is looked for in Authorization; write auth: {bearer: key}",
        ),
        (
            "api_key",
            "token",
            "sends 'key' in 'apikey', but its format is token; declare it with format: api_key if it is one of "
            "Supabase's (sb_…), else write auth: {bearer: key}",
        ),
        (
            "bearer",
            "api_key",
            "sends 'key' as a bearer, but a new API key (sb_…) is no JWT and is refused there; write auth: "
            "{api_key: key} and deploy the function with verify_jwt = false",
        ),
        ("hmac", "token", None),
        ("hmac", "jwt", None),
        ("hmac", "api_key", None),
        ("bearer", "jwt", None),
        ("bearer", "token", None),
        ("api_key", "api_key", None),
    ],
)
def test_each_form_takes_the_formats_that_can_work(
    form: str, secret_format: SecretFormat, expected: str | None
) -> None:
    found = catalogue({form: "key"}, secret_format).problems()
    assert found == ([] if expected is None else [(("jobs", "nightly", "http", "auth"), expected)])


def test_an_unknown_key_is_told_as_of_any_template() -> None:
    assert catalogue({"hmac": "kee"}, "token").problems() == [
        (("jobs", "nightly", "http"), "reads the unknown secret 'kee'; did you mean 'key'?")
    ]


@pytest.mark.parametrize(
    ("form", "secret_format", "value", "expected"),
    [
        (
            "bearer",
            "token",
            "sb_secret_planted",
            "sends 'key' as a bearer, but it is a new API key (sb_…) and no JWT; write auth: {api_key: key} and deploy "
            "the function with verify_jwt = false",
        ),
        (
            "api_key",
            "api_key",
            "eyJplanted",
            "sends 'key' in 'apikey' alone, but it is a legacy JWT, which is looked for in Authorization; write auth: "
            "{bearer: key}",
        ),
        (
            "hmac",
            "token",
            "planted",
            "signs with 'key', which is shorter than 32 bytes and could be guessed; make one with: openssl rand -hex 32",
        ),
        (
            "hmac",
            "token",
            "sb_publishable_" + STRONG,
            "signs with 'key', which is a key that every browser may know (publishable or anon); make one of its own "
            "with: openssl rand -hex 32",
        ),
        (
            "hmac",
            "jwt",
            jwt.encode({"role": "anon"}, STRONG),
            "signs with 'key', which is a key that every browser may know (publishable or anon); make one of its own "
            "with: openssl rand -hex 32",
        ),
        ("hmac", "jwt", jwt.encode({"role": "service_role"}, STRONG), None),
        ("hmac", "token", "eyJ" + STRONG, None),
        ("hmac", "token", "ü" * 16, None),
        ("bearer", "token", "planted", None),
        ("api_key", "api_key", "sb_secret_planted", None),
    ],
)
def test_a_value_that_cannot_work_is_told_without_it(
    form: str, secret_format: SecretFormat, value: str, expected: str | None
) -> None:
    found = list(misplaced_keys(catalogue({form: "key"}, secret_format), {"key": value}))
    assert found == ([] if expected is None else [("nightly", expected)])


def test_a_value_that_is_not_there_is_somebody_elses_mistake() -> None:
    assert list(misplaced_keys(catalogue({"hmac": "key"}, "token"), {})) == []


def test_the_same_holds_for_a_probe() -> None:
    probe = {"url": "https://example.com/", "auth": {"hmac": "key"}}
    declared = Catalogue.model_validate(
        {"secrets": {"key": {"description": "d", "format": "token", "probe": probe}, "other": {"description": "d", "format": "token"}}}
    )  # fmt: skip
    ((key, problem),) = misplaced_probe_keys(declared, {"key": "planted"})
    assert key == "key"
    assert problem.startswith("has a probe that signs with 'key', which is shorter than 32 bytes")


def test_the_forms_are_what_they_say() -> None:
    assert [Auth.model_validate({form: "k"}).template.text for form in ("api_key", "bearer")] == ["{k}", "Bearer {k}"]
