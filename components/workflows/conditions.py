"""The tests of a shell, ``[ … ]`` and ``[[ … ]]``, in a world where answers of calls are facts. Pure."""

import re

from tree_sitter import Node

from components.workflows.outcome import Place, Reason, Refused
from components.workflows.patterns import Part, pattern_of
from components.workflows.shell_state import Fact, State
from components.workflows.value import Answer, Clock, Field, Value, known, text_of
from components.workflows.words import Words

_NUMBERS = {"-eq": "==", "-ne": "!=", "-lt": "<", "-le": "<=", "-gt": ">", "-ge": ">="}
_FILES = {"-f", "-e", "-s", "-r", "-d", "-x"}
_TOMORROW = re.compile(
    r"(?:-d|--date)=?\s*(?:tomorrow|\+?1 day|next day|\+1day)\s+\+%-?d|\+%-?d\s+(?:-d|--date)=?\s*(?:tomorrow|\+?1 day)"
)


def test_words(words: Words, given: list[Value], line: int) -> bool:
    """``test`` of words, which bash has split already."""
    texts = [text_of(word) for word in given]
    for mark, either in (("-o", True), ("-a", False)):
        if mark in texts[1:-1] and len(given) > 3:
            at = texts.index(mark, 1)
            one, other = test_words(words, given[:at], line), test_words(words, given[at + 1 :], line)
            return (one or other) if either else (one and other)
    if texts[:1] == ["!"] and len(given) > 1:
        return not test_words(words, given[1:], line)
    match len(given):
        case 0:
            return False
        case 1:
            return not words.is_empty(given[0], line)
        case 2:
            return unary(words, texts[0] or "", given[1], line)
        case 3:
            return binary(words, given[0], texts[1] or "", [Part(given[2], "quoted")], line)
    raise Refused(Reason.SYNTAX, line, ": it has a test of many words")


def unary(words: Words, operator: str, value: Value, line: int) -> bool:
    """``-z value`` and its like."""
    if operator == "-z":
        return words.is_empty(value, line)
    if operator == "-n":
        return not words.is_empty(value, line)
    if operator in _FILES:
        name = text_of(value)
        if name is not None and name in words.state.files:
            return True
        return words.state.ask_unknown(Reason.CONDITION, line, "a file is there")
    raise Refused(Reason.SYNTAX, line, f": it tests {operator}")


def binary(words: Words, one: Value, operator: str, other: list[Part], line: int, *, extended: bool = False) -> bool:
    """``one operator other``; where ``extended``, the other side is a pattern."""
    state = words.state
    value = tuple(piece for part in other for piece in part.value)
    if operator in _NUMBERS:
        return _numbers(state, one, operator, value, line)
    if operator == "=~":
        return _matches(state, one, "".join(_regex(part) for part in other), line)
    if operator not in {"=", "==", "!="}:
        raise Refused(Reason.SYNTAX, line, f": it tests {operator}")
    wanted = operator != "!="
    if extended and any(part.mode != "quoted" and re.search(r"[*?\[]", text_of(part.value) or "") for part in other):
        return _globs(state, one, other, line) is wanted
    return _equal(words, one, value, line) is wanted


def _regex(part: Part) -> str:
    text = text_of(part.value) or ""
    return re.escape(text) if part.mode == "quoted" else text


def _numbers(state: State, one: Value, operator: str, other: Value, line: int) -> bool:
    texts = text_of(one), text_of(other)
    state.compared_with_status(one, other)
    if texts[0] is None or texts[1] is None:
        field = one[0] if len(one) == 1 else None
        if isinstance(field, Field) and texts[1] is not None and re.fullmatch(r"-?\d+", texts[1]):
            return state.ask(Fact("jq", field.call, f"{field.path} {_NUMBERS[operator]} {texts[1]}", line=line))
        return state.ask_opaque((*one, *other), line)
    try:
        a, b = (int(text.strip() or "x") for text in (texts[0], texts[1]))
    except ValueError:
        return False
    return {"-eq": a == b, "-ne": a != b, "-lt": a < b, "-le": a <= b, "-gt": a > b, "-ge": a >= b}[operator]


def _equal(words: Words, one: Value, other: Value, line: int) -> bool:  # noqa: PLR0911
    state = words.state
    texts = text_of(one), text_of(other)
    state.compared_with_status(one, other)
    if texts[0] is not None and texts[1] is not None:
        return texts[0] == texts[1]
    if texts[0] is not None:
        one, other, texts = other, one, texts[::-1]
    wanted = texts[1]
    if wanted == "":
        return words.is_empty(one, line)
    if wanted is not None and len(one) == 1:
        match one[0]:
            case Field(call, path):
                return state.ask(Fact("equals", call, f"{path}\0{wanted}", line=line))
            case Clock(arguments) if is_last_day(arguments, wanted):
                return state.ask(Fact("last_day", "", line=line))
            case Answer(call):
                return state.ask(Fact("text", call, f"^{wanted}$", line=line))
            case Place(original=original):
                return state.ask_unknown(
                    Reason.CONDITION, line, f"the value of {original} is the one that is asked for"
                )
    return state.ask_opaque((*one, *other), line)


def is_last_day(arguments: tuple[str, ...], wanted: str) -> bool:
    """Whether date's output is compared so that it holds on the last day of a month."""
    return wanted in {"01", "1"} and _TOMORROW.fullmatch(" ".join(arguments)) is not None


def _globs(state: State, one: Value, other: list[Part], line: int) -> bool:
    pattern = pattern_of(other)
    if pattern is None:
        return state.ask_opaque(tuple(piece for part in other for piece in part.value), line)
    if (text := text_of(one)) is not None:
        state.compared_with_status(one, known("*"))
        return re.fullmatch(pattern, text, re.DOTALL) is not None
    plain = [part for part in other if text_of(part.value) not in {"*", ""}]
    if len(one) == 1 and isinstance(one[0], Answer) and len(plain) == 1 and "*" in (text_of(other[0].value) or ""):
        return state.ask(Fact("text", one[0].call, re.escape((text_of(plain[0].value) or "").strip("*")), line=line))
    return state.ask_opaque(one, line)


def _matches(state: State, one: Value, pattern: str, line: int) -> bool:
    text = text_of(one)
    if text is not None:
        state.compared_with_status(one, known("*"))
        try:
            return re.search(python_regex(pattern), text) is not None
        except re.error:
            raise Refused(Reason.SYNTAX, line, ": it has a pattern that is not read here") from None
    if len(one) == 1 and isinstance(one[0], Answer):
        return state.ask(Fact("text", one[0].call, pattern, line=line))
    return state.ask_opaque(one, line)


def python_regex(pattern: str) -> str:
    """A POSIX pattern as Python writes it."""
    for name, characters in (("digit", "0-9"), ("space", r"\s"), ("alpha", "a-zA-Z"), ("alnum", "a-zA-Z0-9")):
        pattern = pattern.replace(f"[:{name}:]", characters)
    return pattern


def test_node(words: Words, node: Node) -> bool:
    """A test_command: ``[ … ]``, ``[[ … ]]`` or ``(( … ))`` in an ``if``."""
    raw = words.raw(node)
    line = words.line(node)
    if raw.startswith("(("):
        return words.number(raw[2:-2], line) != 0
    if raw.startswith("[["):
        if not raw.endswith("]]"):
            raise Refused(Reason.SYNTAX, line, ": it has a test that its parser does not understand")
        return all(_extended(words, child) for child in node.named_children)
    if not raw.endswith("]"):
        raise Refused(Reason.SYNTAX, line, ": it has a test that its parser does not understand")
    return test_words(words, words.fields(_leaves(node)), line)


def _leaves(node: Node) -> list[Node]:
    """The words of a test in order; its operators are words, too."""
    leaves = []
    for child in node.children[1:-1] if node.type == "test_command" else node.children:
        if child.type in {"binary_expression", "unary_expression", "parenthesized_expression", "negation_expression"}:
            leaves += _leaves(child)
        else:
            leaves.append(child)
    return leaves


def _extended(words: Words, node: Node) -> bool:  # noqa: PLR0911
    line = words.line(node)
    match node.type:
        case "parenthesized_expression":
            return _extended(words, node.named_children[0])
        case "unary_expression" | "negation_expression":
            mark, operand = words.raw(node.children[0]), node.children[-1]
            if mark == "!":
                return not _extended(words, operand)
            return unary(words, mark, words.value(operand), line)
        case "binary_expression":
            at = next(at for at, child in enumerate(node.children) if node.field_name_for_child(at) == "operator")
            operator = words.raw(node.children[at])
            left, right = node.children[:at], node.children[at + 1 :]
            if operator in {"&&", "||"}:
                one = _extended(words, left[0])
                if one is (operator == "||"):
                    return one
                return _extended(words, right[0])
            parts = [part for child in right for part in words.parts(child)]
            one_value = tuple(piece for child in left for piece in words.value(child))
            return binary(words, one_value, operator, parts, line, extended=True)
    return not words.is_empty(words.value(node), line)
