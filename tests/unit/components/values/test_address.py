"""What is an address and which secrets say where it goes."""

from typing import Any

import pytest
from pydantic import ValidationError

from components.catalogue.base_model import problems
from components.catalogue.jobs_file import Catalogue
from components.catalogue.secret_spec import SecretSpec
from components.values.address import Origin, host_of, is_address, origin_of
from components.values.template import parse_template


@pytest.mark.parametrize(
    ("value", "host"),
    [
        ("https://abcdefgh.supabase.co", "abcdefgh.supabase.co"),
        ("https://HOST.example./v1", "host.example"),
        ("https://host.example:8443/v1?x=1#y", "host.example"),
        ("https://host.example?x=1", "host.example"),
        ("https://me:pa%40ss@host.example/v1", "host.example"),
        ("https://[2001:db8::1]:443/", "[2001:db8::1]"),
        ("http://localhost:8000/functions/v1", "localhost"),
        ("http://127.0.0.1", "127.0.0.1"),
        ("http://[::1]:8000", "[::1]"),
        ("http://host.example", None),
        ("http://me@localhost", None),
        ("http://evil.localhost", None),
        ("http://127.0.0.1.elsewhere.example", None),
        (r"https://host.example\@elsewhere.example", None),
        ("https://a@b@host.example", None),
        ("https://host.example:80a", None),
        ("https://host.example:123456", None),
        ("https://höst.example", None),
        ("https://host.example/a b", None),
        ("https://", None),
        ("https:///path", None),
        ("//host.example", None),
        ("host.example", None),
        ("HTTPS://host.example", None),
        ("https://host.example\n", None),
    ],
)
def test_an_address_has_the_host_that_every_program_reads_in_it(value: str, host: str | None) -> None:
    assert host_of(value) == host


@pytest.mark.parametrize("value", ["https://x", "HTTP://x", "ftp://x", "git+ssh://x"])
def test_what_begins_as_an_address_is_one_whatever_its_kind(value: str) -> None:
    assert is_address(value)


@pytest.mark.parametrize("value", ["eyJ.x.y", "sb_secret_x", "a-token:with//slashes", "://x", ""])
def test_a_token_is_none(value: str) -> None:
    assert not is_address(value)


@pytest.mark.parametrize(
    ("template", "origin"),
    [
        ("{base}/functions/v1/{name}", Origin("base", ())),
        ("{base}", Origin("base", ())),
        ("{base}?key={key}", Origin("base", ())),
        ("{base}:8000/{name}", Origin("base", ())),
        ("{base}{path}", Origin("base", ("path",))),
        ("{base}.{more}/{name}", Origin("base", ("more",))),
        ("https://{ref}.supabase.co/functions/{name}", Origin(None, ("ref",))),
        ("https://host.example/{name}", Origin(None, ())),
        ("https://host.example{path}", Origin(None, ("path",))),
        ("https://me:{password}@host.example/", Origin(None, ("password",))),
        ("https://host.example:{port}", Origin(None, ("port",))),
    ],
)
def test_the_secrets_that_say_where_an_address_goes(template: str, origin: Origin) -> None:
    assert origin_of(parse_template(template)) == origin


def mistakes(url: str, **secrets: str) -> list[tuple[tuple[str | int, ...], str]]:
    job = {"description": "d", "schedule": "0 1 * * *", "http": {"url": url, "timeout": 5}}
    declared = {key: {"description": "d", "format": kind} for key, kind in secrets.items()}
    return Catalogue.model_validate({"secrets": declared, "jobs": {"nightly": job}}).problems()


@pytest.mark.parametrize("kind", ["token", "jwt", "api_key"])
def test_a_url_begins_with_an_address_alone(kind: str) -> None:
    assert mistakes("{base}/x", base="url") == []
    assert mistakes("{base}/x", base=kind) == [
        (
            ("jobs", "nightly", "http", "url"),
            f"begins with 'base', which so is an address, but its format is {kind}; declare it with format: url",
        )
    ]


@pytest.mark.parametrize("url", ["https://{part}.supabase.co/x", "{base}{part}", "https://host.example:{part}/x"])
def test_no_other_secret_says_where_it_goes(url: str) -> None:
    ((place, sentence),) = mistakes(url, base="url", part="token")
    assert place == ("jobs", "nightly", "http", "url")
    assert sentence.startswith("has 'part' where its host may still go on, so whoever rotates that could send the keys")


@pytest.mark.parametrize("url", ["https://me:planted/x@host.example/", "https://host.example:planted/"])
def test_an_address_whose_password_is_taken_for_a_port_is_not_shown(url: str) -> None:
    with pytest.raises(ValidationError) as refused:
        mistakes(url)
    assert "has no number as port; percent-encode what is special" in str(refused.value)
    assert "planted" not in str(refused.value)


def test_probes_and_alerts_are_held_to_it_as_well() -> None:
    found = Catalogue.model_validate(
        {
            "secrets": {
                "key": {"description": "d", "format": "token", "probe": {"url": "{key}/health"}},
                "hook": {"description": "d", "format": "token"},
            },
            "alerts": {"team": {"http": {"url": "{hook}"}}},
        }
    ).problems()
    assert [place for place, sentence in found if "is an address" in sentence] == [
        ("alerts", "team", "http", "url"),
        ("secrets", "key", "probe", "url"),
    ]


def spec(**fields: Any) -> SecretSpec:
    return SecretSpec.model_validate({"description": "d", **fields})


def test_hosts_are_names_alone() -> None:
    hosts = ["ABCD.supabase.co", "next.example.", "localhost", "[2001:db8::1]"]
    assert spec(format="url", hosts=hosts).hosts == ["abcd.supabase.co", "next.example", "localhost", "[2001:db8::1]"]


@pytest.mark.parametrize(
    "host",
    ["https://x.example", "x.example/path", "x.example:443", "me@x.example", "", "x y", "*.x.example", "x?y", "x#y"],
)
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(ValidationError) as refused:
        spec(format="url", hosts=[host])
    ((_, sentence),) = problems(refused.value, SecretSpec)
    assert sentence == f"{host!r} is no host; write its name alone, such as abcdefgh.supabase.co"


def test_hosts_are_of_an_address() -> None:
    with pytest.raises(ValidationError) as refused:
        spec(format="token", hosts=["x.example"])
    ((_, sentence),) = problems(refused.value, SecretSpec)
    assert sentence == "'hosts' are for an address, but the format is token; remove them"
