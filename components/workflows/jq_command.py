"""``jq`` in a script: a constant that it makes, a question about an answer, or a member of it. Pure."""

import json
from typing import Any

from components.workflows.jq_filter import NoFilter, alternative_of, constant, path_of, text_variable
from components.workflows.outcome import Reason
from components.workflows.shell_state import Fact, State
from components.workflows.value import Answer, Field, Known, Opaque, Value, known, text_of


def jq(state: State, given: list[Value], line: int) -> int:
    """``jq``: a constant, a question about an answer, or a member of it."""
    flags, words, variables = "", list[Value](), dict[str, Any]()
    left = list(given)
    try:
        while left:
            word = left.pop(0)
            text = text_of(word)
            if text in {"--arg", "--argjson"} and len(left) > 1:
                name, value = text_of(left.pop(0)) or "", left.pop(0)
                variables[name] = _argument(value, is_json=text == "--argjson")
            elif text and text.startswith("--"):
                flags += {"--exit-status": "e", "--raw-output": "r", "--compact-output": "c", "--null-input": "n"}.get(
                    text, ""
                )
            elif text and text.startswith("-") and len(text) > 1:
                flags += text[1:]
            else:
                words.append(word)
        filter_ = text_of(words[0]) if words else "."
        if filter_ is None:
            raise NoFilter("a filter that is not known here")  # noqa: TRY301
        if "n" in flags:
            return _constant(state, constant(filter_, variables), flags)
    except NoFilter:
        state.write((Opaque(Reason.RUN_TIME, (": jq makes it",)),))
        return 0
    content = state.stdin[-1] if len(words) < 2 else state.files.get(text_of(words[1]) or "")
    return _about(state, content or (), filter_, flags, line)


def _argument(value: Value, *, is_json: bool) -> Any:  # noqa: ANN401 - JSON
    text = text_variable(value)
    try:
        return json.loads(text) if is_json else text
    except ValueError:
        raise NoFilter(text) from None


def _constant(state: State, made: Any, flags: str) -> int:  # noqa: ANN401 - JSON
    compact = (",", ":") if "c" in flags else None
    text = json.dumps(made, indent=None if compact else 2, separators=compact, ensure_ascii=False)
    state.write(known((made if "r" in flags and isinstance(made, str) else text) + "\n"))
    return 1 if "e" in flags and made in (None, False) else 0


def _about(state: State, content: Value, filter_: str, flags: str, line: int) -> int:
    pieces = [piece for piece in content if not (isinstance(piece, Known) and not piece.text.strip())]
    if not pieces:  # no input, no output
        return 4 if "e" in flags else 0
    if len(pieces) != 1 or not isinstance(pieces[0], Answer):
        state.write((Opaque(Reason.RUN_TIME, (": jq makes it",)),))
        return 0 if "e" not in flags or state.ask_opaque(content, line) else 1
    call = pieces[0].call
    if "e" in flags:
        holds = state.ask(Fact("jq", call, filter_, line=line))
        state.write((Opaque(Reason.FEEDS),))
        return 0 if holds else 1
    is_json = state.ask(Fact("json", call, line=line))
    if not is_json:
        return 5
    member, _, alternative = filter_.partition("//")
    if filter_.strip() == ".":
        state.write((Answer(call), Known("\n")))
    elif path_of(member.strip()) and alternative_of(alternative) is not None:
        state.write((Field(call, filter_.strip()), Known("\n")))
    else:
        state.write((Opaque(Reason.RULE, (": jq takes what is not followed here from it",)),))
    return 0
