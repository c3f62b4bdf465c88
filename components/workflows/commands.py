"""The commands of scripts that do nothing outside of the script: what they print, and how they end. Pure.

Every other program is work that is not carried over.
"""

import re
from collections.abc import Callable

from components.workflows.jq_command import jq
from components.workflows.outcome import Reason, Refused
from components.workflows.shell_state import Fact, State
from components.workflows.value import (
    Answer,
    Clock,
    Field,
    Known,
    Opaque,
    Piece,
    Value,
    joined,
    known,
    lines_of,
    text_of,
)

_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\", "r": "\r", '"': '"'}
Command = Callable[[State, list[Value], int], int]

_PRINTING = frozenset({".", "", "-C", "-r ."})


def echo(state: State, given: list[Value], line: int) -> int:
    """``echo``."""
    newline, escapes = True, False
    while given and (text := text_of(given[0])) and re.fullmatch(r"-[neE]+", text):
        newline, escapes = newline and "n" not in text, "e" in text
        given = given[1:]
    value = joined(_with_blanks(given))
    if escapes:
        value = tuple(map(_unescaped, value))
    state.write(joined([value, known("\n")]) if newline else value)
    return 0


def _unescaped(piece: Piece) -> Piece:
    """A text in which ``\\n`` is a line break; one with other escapes is not known."""
    if not isinstance(piece, Known):
        return piece
    if re.search(r"\\[^n]|\\$", piece.text):
        return Opaque(Reason.RUN_TIME, (": echo -e makes it",))
    return Known(piece.text.replace("\\n", "\n"), piece.inputs, piece.status_of)


def _with_blanks(given: list[Value]) -> list[Value]:
    return [part for at, value in enumerate(given) for part in ((known(" "), value) if at else (value,))]


def printf(state: State, given: list[Value], line: int) -> int:
    """``printf`` of %s, %d and %%."""
    form = text_of(given[0]) if given else None
    if form is None or form.startswith("-"):
        state.write((Opaque(Reason.RUN_TIME, (": printf's form is not known here",)),))
        return 0
    left, made, used = given[1:], list[Value](), True
    while used:
        used = False
        for part in re.findall(r"%[sd%]|%.|\\.|[^%\\]+", form, re.DOTALL):
            if part in {"%s", "%d"}:
                made.append(left.pop(0) if left else known("" if part == "%s" else "0"))
                used = True
            elif part == "%%":
                made.append(known("%"))
            elif part[0] == "\\":
                escaped = _ESCAPES.get(part[1])
                unknown = (Opaque(Reason.RUN_TIME, (": printf's form is not read here",)),)
                made.append(known(escaped) if escaped else unknown)
            elif part[0] == "%":
                made.append((Opaque(Reason.RUN_TIME, (": printf's form is not read here",)),))
            else:
                made.append(known(part))
        used = used and bool(left)
    state.write(joined(made))
    return 0


def cat(state: State, given: list[Value], line: int) -> int:
    """``cat`` of stdin and of files that the job wrote."""
    for name in [text_of(value) for value in given] or ["-"]:
        content = state.stdin[-1] if name == "-" else state.files.get(name or "")
        if content is None:
            content = (Opaque(Reason.FILE, (name or "whose name is not known here",)),)
        state.write(content)
    return 0


def tee(state: State, given: list[Value], line: int) -> int:
    """``tee``."""
    content = state.stdin[-1] or ()
    for value in given:
        if (name := text_of(value)) and not name.startswith("-"):
            state.files[name] = content
    state.write(content)
    return 0


def date(state: State, given: list[Value], line: int) -> int:
    """``date``."""
    state.write((Clock(tuple(text_of(value) or "?" for value in given)), Known("\n")))
    return 0


def sleep(state: State, given: list[Value], line: int) -> int:
    """``sleep``."""
    text = text_of(given[0]) if given else None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text or "")
    state.slept += float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]] if found else 0
    return 0


def seq(state: State, given: list[Value], line: int) -> int:
    """``seq`` of whole numbers."""
    texts = [text_of(value) or "" for value in given]
    if not texts or not all(re.fullmatch(r"-?\d+", text) for text in texts) or len(texts) > 3:
        state.write((Opaque(Reason.RUN_TIME, (": seq counts what is not known here",)),))
        return 0
    numbers = [int(text) for text in texts]
    first, step, last = (
        (1, 1, numbers[0]) if len(numbers) == 1 else (numbers[0], 1 if len(numbers) == 2 else numbers[1], numbers[-1])
    )
    counted = list(range(first, last + (1 if step > 0 else -1), step or 1))[:1000]
    state.write(known("".join(f"{number}\n" for number in counted)))
    return 0


def grep(state: State, given: list[Value], line: int) -> int:
    """``grep``, of which what it prints of an answer is not followed."""
    texts = [text_of(value) for value in given]
    flags = "".join(text[1:] for text in texts if text and re.fullmatch(r"-[a-zA-Z]+", text))
    words = [value for value, text in zip(given, texts, strict=True) if not (text or "").startswith("-")]
    if "e" in flags or any((text or "").startswith("--") for text in texts):
        flags = flags.replace("e", "")
    content = state.stdin[-1] if len(words) < 2 else state.files.get(text_of(words[1]) or "")
    pattern = text_of(words[0]) if words else None
    if content is None or pattern is None:
        return 0 if state.ask_unknown(Reason.CONDITION, line, "grep finds something") else 1
    text = text_of(content)
    wanted = re.escape(pattern) if "F" in flags else pattern
    if "E" not in flags and "P" not in flags and "F" not in flags:
        wanted = re.sub(r"\\?([?+|(){}])", lambda found: found[1] if found[0][0] == "\\" else f"\\{found[1]}", wanted)
    if text is not None:
        return _grep_text(state, content, text, wanted, flags, line)
    answers = [piece for piece in content if isinstance(piece, Answer)]
    if not answers:
        found = state.ask_opaque(content, line)
    else:
        found = state.ask(Fact("text", answers[0].call, wanted, line=line))
    if not re.search("[qc]", flags):
        state.write((Opaque(Reason.FEEDS),))
    return 0 if found is not ("v" in flags) else 1


def _grep_text(state: State, content: Value, text: str, pattern: str, flags: str, line: int) -> int:  # noqa: PLR0917
    state.compared_with_status(content, known("*"))
    for name, characters in (("digit", "0-9"), ("space", r"\s")):
        pattern = pattern.replace(f"[:{name}:]", characters)
    try:
        compiled = re.compile(pattern, re.IGNORECASE if "i" in flags else 0)
    except re.error:
        raise Refused(Reason.SYNTAX, line, ": it has a pattern that is not read here") from None
    lines = [each for each in text.rstrip("\n").split("\n") if (compiled.search(each) is None) is ("v" in flags)]
    if "q" not in flags:
        state.write(known("".join(f"{each}\n" for each in lines)))
    return 0 if lines else 1


def head_or_tail(name: str) -> Command:
    """``head`` and ``tail`` by lines."""

    def run(state: State, given: list[Value], line: int) -> int:
        texts = [text_of(value) or "" for value in given]
        content = _input(state, [text for text in texts[-1:] if text in state.files])
        found = re.match(r"-?(?:n|-lines=)?\s*([-+]?\d+)", " ".join(texts).replace("-n ", "-n"))
        number = int(found[1]) if found else 10
        if content is None or "-c" in " ".join(texts):
            state.write((Opaque(Reason.RULE, (f": it cuts the answer by {name}",)),))
            return 0
        ends = content and isinstance(content[-1], Known) and content[-1].text.endswith("\n")
        lines = lines_of(content)[: -1 if ends else None]
        taken = lines[-abs(number) :] if name == "tail" else lines[:number]
        state.write(joined(part for each in taken for part in (each, known("\n"))))
        return 0

    return run


def sed(state: State, given: list[Value], line: int) -> int:
    """``sed '$d'``, which cuts off the last line."""
    texts = [text_of(value) for value in given]
    content = state.stdin[-1]
    if texts == ["$d"] and content is not None:
        ends = content and isinstance(content[-1], Known) and content[-1].text.endswith("\n")
        lines = lines_of(content)[: -1 if ends else None][:-1]
        state.write(joined(part for each in lines for part in (each, known("\n"))))
    else:
        _not_followed(state)
    return 0


def tr(state: State, given: list[Value], line: int) -> int:
    """``tr -d`` of some characters."""
    texts = [text_of(value) for value in given]
    content = state.stdin[-1]
    gone = {r"\n": "\n", r"\r\n": "\r\n", r"\r": "\r", '"': '"', " ": " ", "[:space:]": " \t\r\n"}.get(texts[-1] or "")
    if texts[:1] == ["-d"] and gone and content is not None:
        table = str.maketrans("", "", gone)
        state.write(
            tuple(
                Known(piece.text.translate(table), piece.inputs, piece.status_of) if isinstance(piece, Known) else piece
                for piece in content
            )
        )
    else:
        _not_followed(state)
    return 0


def _input(state: State, files: list[str]) -> Value | None:
    return state.files.get(files[0]) if files else state.stdin[-1]


def _not_followed(state: State) -> None:
    answers = [piece for piece in state.stdin[-1] or () if isinstance(piece, Answer | Field)]
    state.write((Opaque(Reason.FEEDS if answers else Reason.RUN_TIME, () if answers else ("",)),))


def filtered(state: State, given: list[Value], line: int) -> int:
    """A filter that is not followed, such as ``awk``."""
    _not_followed(state)
    return 0


def _true(state: State, given: list[Value], line: int) -> int:
    return 0


def _false(state: State, given: list[Value], line: int) -> int:
    return 1


def _mktemp(state: State, given: list[Value], line: int) -> int:
    state.write(known(f"/tmp/made.{len(state.files)}.{state.steps}\n"))  # noqa: S108 - a name alone
    return 0


_WITHOUT_OUTPUT = "rm mkdir touch ls pwd chmod umask wait shopt clear whoami hostname uname which type".split()  # noqa: SIM905
_NOT_FOLLOWED = (  # noqa: SIM905
    "awk cut wc sort uniq base64 openssl uuidgen md5sum sha256sum basename dirname rev od xxd bc expr nproc column fold"
).split()

COMMANDS: dict[str, Command] = {
    "echo": echo,
    "printf": printf,
    "cat": cat,
    "tee": tee,
    "date": date,
    "sleep": sleep,
    "seq": seq,
    "grep": grep,
    "egrep": grep,
    "head": head_or_tail("head"),
    "tail": head_or_tail("tail"),
    "sed": sed,
    "tr": tr,
    "jq": jq,
    "true": _true,
    ":": _true,
    "false": _false,
    "mktemp": _mktemp,
    **dict.fromkeys(_WITHOUT_OUTPUT, _true),
    **dict.fromkeys(_NOT_FOLLOWED, filtered),
}
"""What a script's commands do, by name."""
