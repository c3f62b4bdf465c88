"""What an expression is, as far as that is known before it runs: its constants, and the places of values. Pure.

It follows the types as PostgreSQL would resolve them: an untyped literal is a text until something makes it another
type, and ``||`` merges JSON where one side is jsonb. Whatever is not certain raises NoCall with the reason.
"""

from collections.abc import Mapping, Sequence

from components.importing.call import Json, Number, Reader, Text
from components.importing.json_text import parsed
from components.importing.outcome import Broken, NoCall, Place, Reason
from components.importing.sql_functions import FUNCTIONS, merged, to_json
from components.importing.sql_text import Node, kind, names, selected
from components.importing.value_kinds import (
    JsonValue,
    Literal,
    NullValue,
    TextValue,
    Value,
    constant,
    joined,
    parts_of,
    plain,
)
from components.importing.vault_read import plain_read

_OWN = "pg_catalog"
_TEXT_TYPES = {"text", "varchar"}
_INTEGERS = {"int2", "int4", "int8"}


class Values:
    """What expressions of one command are; ``readers`` are the functions that stand for values.

    ``stripped_by`` collects the readers that strip their values, ``missing_ok`` the settings that may be missing.
    With ``as_meant``, a cast to JSON at the end of a text that is joined counts for the whole text, as whoever wrote it
    seems to have meant.
    """

    def __init__(self, readers: Mapping[str, Reader], *, as_meant: bool = False) -> None:
        self._readers = readers
        self._as_meant = as_meant
        self.stripped_by: list[str] = []
        self.missing_ok: list[str] = []

    def text(self, node: Node) -> Text:
        """The parts of a text argument. Raises NoCall."""
        match self.value(node):
            case Literal(text):
                return (text,)
            case TextValue(parts):
                return parts
        raise NoCall(Reason.TEXT_FORM, "an argument")

    def json(self, node: Node) -> Json | NullValue:
        """The JSON of a jsonb argument. Raises NoCall, or Broken where the server would refuse it."""
        match self.value(node):
            case Literal(text):
                return parsed((text,))
            case JsonValue(value, is_binary=True):
                return value
            case NullValue() as null:
                return null
        raise Broken(Reason.TEXT_FORM, "an argument that is no jsonb")

    def integer(self, node: Node) -> int | None:
        """The whole number of an argument; None of NULL. Raises NoCall."""
        match self.value(node):
            case Number(text) if text.lstrip("-").isdigit():
                return int(text)
            case Literal(text) if text.strip().lstrip("+-").isdigit():
                return int(text)
            case NullValue():
                return None
        raise NoCall(Reason.TIMEOUT, "is no whole number")

    def value(self, node: Node) -> Value:
        """What an expression is. Raises NoCall."""
        match kind(node):
            case "a_const":
                return constant(node.a_const)
            case "type_cast":
                return self._cast(node.type_cast)
            case "a_expr":
                return self._operator(node.a_expr)
            case "func_call":
                return self._call(node.func_call)
            case "sub_link":
                return self._sub_select(node.sub_link)
            case "coalesce_expr":
                raise NoCall(Reason.DEFAULT, "one")
            case "column_ref":
                raise NoCall(Reason.EXPRESSION, "a column")
        raise NoCall(Reason.EXPRESSION, _WORDS.get(kind(node), "an expression"))

    def _cast(self, cast: Node) -> Value:
        value = self.value(cast.arg)
        name = _type_name(cast.type_name)
        if name in {"json", "jsonb"}:
            return to_json(value, is_binary=name == "jsonb")
        if name in _TEXT_TYPES and isinstance(value, Literal | TextValue):
            return TextValue(parts_of(value))
        if name in _INTEGERS and isinstance(value, Number) and "." not in value.text:
            return value
        if name in _INTEGERS and isinstance(value, Literal) and value.text.strip().lstrip("+-").isdigit():
            return Number(str(int(value.text)))
        raise NoCall(Reason.TEXT_FORM, f"a cast to {name or 'another type'}")

    def _operator(self, expression: Node) -> Value:
        operator = names(expression.name)
        if operator != ("||",) or kind(expression.lexpr) == "":
            raise NoCall(Reason.EXPRESSION, "an operator")
        if self._as_meant and kind(last := expression.rexpr) == "type_cast":
            name = _type_name(last.type_cast.type_name)
            left, right = self.value(expression.lexpr), self.value(last.type_cast.arg)
            if name in {"json", "jsonb"} and isinstance(left, TextValue) and isinstance(right, Literal):
                return JsonValue(parsed(joined([*parts_of(left), right.text])), is_binary=name == "jsonb")
        left, right = self.value(expression.lexpr), self.value(expression.rexpr)
        sides = left, right
        if any(isinstance(side, NullValue) for side in sides):
            raise NoCall(Reason.EXPRESSION, "what is joined to NULL")
        if any(isinstance(side, JsonValue) for side in sides):
            return merged(left, right)
        if any(isinstance(side, bool) for side in sides) or not any(
            isinstance(side, Literal | TextValue) for side in sides
        ):
            raise NoCall(Reason.TEXT_FORM, "what is joined")
        return TextValue(joined([*parts_of(left), *parts_of(right)]))

    def _call(self, call: Node) -> Value:
        name = names(call.funcname)
        known = name[-1] if name[:-1] in {(), (_OWN,)} else None
        if call.agg_filter.ByteSize() or call.HasField("over") or call.func_variadic or call.agg_distinct:
            raise NoCall(Reason.FUNCTION, ".".join(name))
        if any(kind(argument) == "named_arg_expr" for argument in call.args):
            raise NoCall(Reason.FUNCTION, ".".join(name))
        if (reader := self._readers.get(".".join(name))) is not None:
            return self._read(".".join(name), reader, call.args)
        if known == "current_setting":
            return self._setting(call.args)
        if known is not None and known in FUNCTIONS:
            return FUNCTIONS[known]([self.value(argument) for argument in call.args])
        raise NoCall(Reason.FUNCTION, ".".join(name))

    def _read(self, name: str, reader: Reader, arguments: Sequence[Node]) -> Value:
        key = reader.key
        if key is None and len(arguments) == 1:
            key = plain(self.value(arguments[0]))
        elif key is not None and arguments:
            key = None
        if key is None:
            raise NoCall(Reason.FUNCTION, name)
        if reader.strips:
            self.stripped_by.append(name)
        return TextValue((_place(reader.table, key),))

    def _setting(self, arguments: Sequence[Node]) -> Value:
        given = [self.value(argument) for argument in arguments]
        name = plain(given[0]) if given else None
        if name is None or len(given) > 2 or (len(given) == 2 and not isinstance(given[1], bool)):
            raise NoCall(Reason.FUNCTION, "current_setting")
        if "." not in name:
            raise NoCall(Reason.EXPRESSION, f"the server's setting {name}")
        if given[1:] == [True]:
            self.missing_ok.append(name)
        return TextValue((Place("", "setting", name),))

    def _sub_select(self, link: Node) -> Value:
        if link.sub_link_type != _EXPRESSION_LINK:
            raise NoCall(Reason.EXPRESSION, "a sub-select")
        if (read := plain_read(link.subselect)) is not None and read.key is not None:
            if read.strips:
                self.stripped_by.append("a sub-select")
            return TextValue((_place(read.table, read.key),))
        if (expression := selected(link.subselect)) is not None:
            value = self.value(expression)  # a SELECT's column has a type
            if not isinstance(value, NullValue):
                return TextValue((value.text,)) if isinstance(value, Literal) else value
        raise NoCall(Reason.EXPRESSION, "a sub-select")


_EXPRESSION_LINK = 5  # EXPR_SUBLINK of libpg_query's enum
_WORDS = {
    "sqlvalue_function": "the time, or who runs it,",
    "case_expr": "a CASE",
    "a_array_expr": "an array",
    "json_object_constructor": "a json_object",
    "param_ref": "a parameter",
    "a_indirection": "a part of a value",
    "bool_expr": "a condition",
}


def _place(table: str, key: str) -> Place:
    """The place of a value in a table of secrets."""
    if table in {"", "vault"}:
        return Place("", "vault" if table else "get_secret", key)
    return Place("", "table", f"{key} of {table}")


def _type_name(type_name: Node) -> str | None:
    """The name of a type of PostgreSQL's own without a length or dimensions; None of another type."""
    name = names(type_name.names)
    if type_name.typmods or type_name.array_bounds or type_name.setof or name[:-1] not in {(), (_OWN,)}:
        return None
    return name[-1]
