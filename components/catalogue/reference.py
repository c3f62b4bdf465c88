"""The reference of jobs.yaml as Markdown, made from the models. Pure.

``python -m components.catalogue.reference`` prints it, and with docs/catalogue.md as argument renews the part between
the two marks there.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pydantic.fields import FieldInfo

from components.catalogue.alert import Alert, AlertRequest
from components.catalogue.base_model import Model
from components.catalogue.job import InputSpec, Job
from components.catalogue.jobs_file import DEFAULTED, Catalogue, json_schema
from components.catalogue.policy import ActiveBetween, Retry
from components.catalogue.request import Auth, HttpAction, Probe, Success
from components.catalogue.secret_spec import SecretSpec
from components.values.generated_part import print_or_renew, renewed_between

BEGIN = "<!-- the reference: python -m components.catalogue.reference -->\n"
END = "<!-- end of the reference -->\n"
"""The lines in docs/catalogue.md before and after the reference."""


class Section(NamedTuple):
    """A place in the file as the title, the model of that place, and the sentence before its table."""

    title: str
    model: type[Model]
    introduction: str


SECTIONS = (
    Section("jobs.NAME", Job, "One job of pg_cron: a schedule and exactly one action, `http` or `sql`."),
    Section("jobs.NAME.http", HttpAction, "The request that the job sends."),
    Section("auth", Auth, "How a request proves who sends it: exactly one of `hmac`, `api_key` and `bearer`."),
    Section("success", Success, "When an answer counts as success."),
    Section("jobs.NAME.http.retry", Retry, "How a run that came to nothing is tried again."),
    Section("jobs.NAME.active_between", ActiveBetween, "Days, both bounds included, by the clock of `cron.timezone`."),
    Section("jobs.NAME.inputs.NAME", InputSpec, "A value of the body that a manual trigger may set."),
    Section("secrets.KEY", SecretSpec, "A secret that jobs read at run time. Its value is never in this file."),
    Section("secrets.KEY.probe", Probe, "A request that succeeds only with the right value of the secret."),
    Section("alerts.NAME", Alert, "A target, and which changes it is told of."),
    Section("alerts.NAME.http", AlertRequest, "The request that carries the message."),
)


def markdown() -> str:
    """The whole reference as Markdown."""
    schema = json_schema()
    return "\n\n".join([_top(schema), *(_section(section, schema) for section in SECTIONS)]) + "\n"


def _top(schema: Mapping[str, Any]) -> str:
    properties = schema["properties"]
    lines = [
        _row(f"`{name}`", _type_in_words(properties[name]), "", info.description or "")
        for name, info in Catalogue.model_fields.items()
    ]
    fields = ", ".join(f"`{name}`" for name in ("http", *DEFAULTED))
    lines.append(_row("`defaults`", "map", "", f"Fills in what jobs leave out: {fields}."))
    return "\n".join(["### The file", "", *_head(), *lines])


def _section(section: Section, schema: Mapping[str, Any]) -> str:
    name = section.model.__name__
    properties, required = schema["$defs"][name]["properties"], schema["$defs"][name].get("required", [])
    lines = []
    for field, info in section.model.model_fields.items():
        written = info.alias or field
        default = "required" if written in required else _default(info)
        lines.append(_row(f"`{written}`", _type(properties[written], info), default, info.description or ""))
    return "\n".join([f"### {section.title}", "", section.introduction, "", *_head(), *lines])


def _head() -> list[str]:
    return [_row("field", "type", "default", "meaning"), _row("---", "---", "---", "---")]


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _type(part: Mapping[str, Any], info: FieldInfo) -> str:
    """The type of a field with its limits, in words."""
    return " ".join([_type_in_words(part), *_limits(info)])


def _type_in_words(part: Mapping[str, Any]) -> str:
    alternatives = [choice for choice in part.get("anyOf", []) if choice.get("type") != "null"]
    if any("30s" in choice.get("examples", []) for choice in alternatives):
        return "seconds, or a span such as `30s`"
    match part:
        case {"$ref": _}:
            words = _link(part)
        case {"const": value}:
            words = f"`{value}`"
        case {"enum": values}:
            words = ", ".join(f"`{value}`" for value in values)
        case {"type": "array"}:
            words = f"list of {_type_in_words(part['items'])}"
        case {"type": "object"} if not {"additionalProperties", "patternProperties"} & part.keys():
            words = "map"
        case {"type": "object"}:
            words = f"map of {_type_in_words(_members(part))}"
        case {"type": kind}:
            words = _WORDS.get(kind, kind)
        case _:
            words = " or ".join(dict.fromkeys(map(_type_in_words, alternatives)))
    return words


def _members(part: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of a map's values; a JSON Schema has it at another place for keys that follow a pattern."""
    by_pattern: list[Mapping[str, Any]] = list(part.get("patternProperties", {}).values())
    return by_pattern[0] if by_pattern else dict(part["additionalProperties"])


_WORDS = {"string": "text", "integer": "whole number", "boolean": "`true`, `false`"}


def _link(part: Mapping[str, Any]) -> str:
    """The type of a part of the file that has a section of its own."""
    name = part["$ref"].removeprefix("#/$defs/")
    title = next((section.title for section in SECTIONS if section.model.__name__ == name), None)
    return "any JSON" if title is None else f"[{title}](#{anchor(title)})"


def anchor(title: str) -> str:
    """The anchor that GitHub gives a heading."""
    characters = title.lower().replace(" ", "-")
    return "".join(character for character in characters if character.isalnum() or character in "-_")


def _limits(info: FieldInfo) -> Iterator[str]:
    low, high, most = (
        next((getattr(check, bound) for check in info.metadata if hasattr(check, bound)), None)
        for bound in ("ge", "le", "max_length")
    )
    if low is not None and high is not None and not isinstance(low, float):
        yield f"({low} to {high})"
    elif high is not None:
        yield f"(at most {high})"
    if most is not None:
        yield f"(at most {most})"


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "required, here or in `defaults`"
    value = info.get_default(call_default_factory=True)
    if value in (None, "", [], {}) or isinstance(value, Model):
        return ""
    if isinstance(value, list) and len(value) > _LISTED:
        return f"{value[0]} to {value[-1]}"
    return f"`{value}`" if isinstance(value, str) else f"`{json.dumps(value, ensure_ascii=False)}`"


_LISTED = 10
"""Values of a default that are listed at most; of more values, which follow each other, the first and the last are."""


def renewed(document: str) -> str:
    """The document with today's reference between its two marks. Raises ValueError for a document without them."""
    return renewed_between(document, BEGIN, END, markdown())


if __name__ == "__main__":
    print_or_renew(sys.argv[1:], markdown, renewed)
