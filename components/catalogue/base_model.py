"""The base of all models, and the one place that turns pydantic's errors into sentences."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypeGuard, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic_core import ErrorDetails

from components.values.suggestion import nearest

_QUOTES = {dict: "; put one with {its_key} in it in quotes"} | dict.fromkeys((int, float, bool), "; put it in quotes")


class Model(BaseModel):
    """A frozen value without unknown fields."""

    # Built when first used: most are parts of another, which builds them anyway.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)


def partial(model: type[Model]) -> type[Model]:
    """The same model for a part of its data: no field is required, and no check compares two fields."""
    fields: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        inner = next((part for part in (field.annotation, *get_args(field.annotation)) if _is_model(part)), None)
        whole: Any = partial(inner) if inner else field.annotation
        for check in field.metadata:
            whole = Annotated[whole, check]
        fields[name] = (whole | None, Field(default=None, alias=field.alias))
    return create_model(f"Partial{model.__name__}", __base__=Model, **fields)


def _is_model(annotation: object) -> TypeGuard[type[Model]]:
    return isinstance(annotation, type) and issubclass(annotation, Model)


def problems(error: ValidationError, model: type[BaseModel]) -> list[tuple[tuple[str | int, ...], str]]:
    """Each mistake as (location, sentence), in this project's words and never with a secret's value."""
    schema = model.model_json_schema()
    mistakes = []
    for detail in error.errors(include_url=False, include_context=True):
        location = tuple(step for step in detail["loc"] if step != "[key]")
        mistakes.append((location, _sentence(detail, schema)))
    return list(dict.fromkeys(mistakes))


def _sentence(detail: ErrorDetails, schema: Mapping[str, Any]) -> str:
    match detail["type"]:
        case "extra_forbidden":
            *parents, name = detail["loc"]
            return f"unknown field {str(name)!r}{nearest(str(name), _fields(schema, parents))}"
        case "missing":
            return "is missing"
        case "string_type":
            return f"must be a text{_QUOTES.get(type(detail['input']), '')}"
        case "value_error":
            return str(detail["ctx"]["error"])
        case _:
            text = detail["msg"]
            return text[:1].lower() + text[1:]


def _fields(schema: Mapping[str, Any], location: Iterable[str | int]) -> set[str]:
    """The names that may stand at a place of a JSON Schema."""
    nodes = [schema]
    for step in location:
        nodes = [child for node in nodes for child in _children(schema, node, step)]
    return {name for node in nodes for part in _alternatives(schema, node) for name in part.get("properties", {})}


def _children(root: Mapping[str, Any], node: Mapping[str, Any], step: str | int) -> list[Mapping[str, Any]]:
    """The schemas of a member or an item, one for each alternative of the node that has it."""
    children = []
    for part in _alternatives(root, node):
        by_pattern = next(iter(part.get("patternProperties", {}).values()), None)
        named = part.get("properties", {}).get(step)
        for child in (named, part.get("additionalProperties"), by_pattern, part.get("items")):
            if isinstance(child, Mapping):
                children.append(child)
                break
    return children


def _alternatives(root: Mapping[str, Any], node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The schemas that a node stands for, its references and choices resolved."""
    if reference := node.get("$ref"):
        return _alternatives(root, root["$defs"][reference.removeprefix("#/$defs/")])
    if choices := node.get("anyOf", node.get("oneOf")):
        return [part for choice in choices for part in _alternatives(root, choice)]
    return [node]
