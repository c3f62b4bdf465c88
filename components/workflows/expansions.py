"""What ``${name…}`` makes of a value that may be known in part. Pure."""

import re

from components.workflows.outcome import Reason
from components.workflows.value import Known, Opaque, Value, known, lines_of, text_of

_UNKNOWN = (Opaque(Reason.RUN_TIME, (": it cuts a value that is not known here",)),)


def cut(value: Value, operator: str, pattern: str, literal: str) -> Value:
    """A value with an end or a beginning taken out; ``pattern`` is a regular expression, ``literal`` is as written."""
    text = text_of(value)
    greedy = len(operator) == 2
    if text is not None:
        return _marked(value, _cut_text(text, operator[0], pattern, greedy=greedy))
    if literal in {"\n*", "*\n"}:
        return _line(value, operator, literal)
    first, last = value[0], value[-1]
    if operator[0] == "%":
        if isinstance(last, Known) and re.fullmatch(f"(?s:.*)(?:{pattern})", last.text) and not greedy:
            return (*value[:-1], Known(_cut_text(last.text, "%", pattern, greedy=False), last.inputs, last.status_of))
        if isinstance(last, Known) and "*" not in literal and last.text:
            return value if len(last.text) >= len(literal) else _UNKNOWN
    elif isinstance(first, Known) and "*" not in literal and len(first.text) >= len(literal):
        return (Known(_cut_text(first.text, "#", pattern, greedy=False), first.inputs, first.status_of), *value[1:])
    return _UNKNOWN


def _cut_text(text: str, side: str, pattern: str, *, greedy: bool) -> str:
    whole = re.compile(pattern, re.DOTALL)
    lengths = range(len(text), -1, -1) if greedy else range(len(text) + 1)
    for length in lengths:
        part = text[len(text) - length :] if side == "%" else text[:length]
        if whole.fullmatch(part):
            return text[: len(text) - length] if side == "%" else text[length:]
    return text


def _marked(value: Value, text: str) -> Value:
    inputs = frozenset(name for piece in value if isinstance(piece, Known) for name in piece.inputs)
    status = next((piece.status_of for piece in value if isinstance(piece, Known) and piece.status_of), None)
    return (Known(text, inputs, status),)


def _line(value: Value, operator: str, literal: str) -> Value:
    """What is before the last line break, or behind it."""
    lines = lines_of(value)
    if literal == "*\n" and operator == "##":
        return lines[-1]
    if literal == "\n*" and operator == "%":
        made: list[Value] = []
        for line in lines[:-1]:
            made += [line, known("\n")]
        return tuple(piece for each in made[:-1] for piece in each)
    return _UNKNOWN


def substring(value: Value, start: int, length: int | None) -> Value:
    """``${name:start:length}``."""
    text = text_of(value)
    if text is not None:
        begin = max(start + len(text), 0) if start < 0 else start
        end = len(text) if length is None else len(text) + length if length < 0 else begin + length
        return _marked(value, text[begin:end])
    last = value[-1]
    if not isinstance(last, Known):
        return _UNKNOWN
    if start < 0 and length is None and len(last.text) >= -start:
        return (Known(last.text[start:], last.inputs, last.status_of),)
    if start == 0 and length is not None and length < 0 and len(last.text) >= -length:
        rest = last.text[:length]
        return (*value[:-1], *((Known(rest, last.inputs),) if rest else ()))
    return _UNKNOWN


def replaced(value: Value, operator: str, pattern: str, new: str) -> Value:
    """``${name/old/new}`` with its kinds, of a value that is known."""
    text = text_of(value)
    if text is None:
        return _UNKNOWN
    return _marked(value, re.sub(pattern, lambda _: new, text, count=0 if operator == "//" else 1))


def in_case(value: Value, operator: str) -> Value:
    """``${name^^}`` and ``${name,,}``, of a value that is known."""
    text = text_of(value)
    if text is None:
        return _UNKNOWN
    change = str.upper if operator[0] == "^" else str.lower
    return _marked(value, change(text) if len(operator) == 2 else change(text[:1]) + text[1:])
