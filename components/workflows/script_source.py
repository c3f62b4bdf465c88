"""A shell script as its parser gets it: expressions replaced as GitHub does, lines joined, here-documents out. Pure.

tree-sitter-bash reads some of these in another way than bash (findings/), so the parser never meets them. What is not
known yet stands as a word of letters and digits.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from components.workflows.expression import EXPRESSION
from components.workflows.value import Known, Piece, Value

_MARK = re.compile(rb"Zq([0-9]+)qZ")
_HEREDOC = re.compile(rb"<<(-?)[ \t]*(?:'([^'\n]+)'|\"([^\"\n]+)\"|\\?([A-Za-z_0-9]+))")
_WORD_BEFORE = frozenset(b" \t\n;|&()`")


@dataclass
class Source:
    """The bytes that are parsed, with the line of each, and what its marks stand for.

    ``spans`` are the parts that came from inputs; ``heredocs`` are bodies, with whether the shell expands them.
    """

    text: bytes
    lines: list[int]
    marks: list[Piece] = field(default_factory=list)
    spans: list[tuple[int, int, frozenset[str]]] = field(default_factory=list)
    heredocs: list[tuple["Source", bool]] = field(default_factory=list)

    def line(self, at: int) -> int:
        """The line (from 1) of a byte in the script as it was written."""
        return self.lines[min(at, len(self.lines) - 1)] if self.lines else 1

    def pieces(self, start: int, end: int, clean: Callable[[bytes], bytes] = bytes) -> Value:
        """The text between two bytes, ``clean`` taking out what only the shell needs."""
        made: list[Piece] = []
        at = start
        for begin, stop, names in sorted(span for span in self.spans if start <= span[0] and span[1] <= end):
            made += self._pieces(self.text[at:begin], frozenset(), clean)
            made += self._pieces(self.text[begin:stop], names, clean) or (Known("", names),)
            at = stop
        return (*made, *self._pieces(self.text[at:end], frozenset(), clean))

    def _pieces(self, raw: bytes, inputs: frozenset[str], clean: Callable[[bytes], bytes]) -> Value:
        made: list[Piece] = []
        raw, at = clean(raw), 0
        for mark in _MARK.finditer(raw):
            if mark.start() > at:
                made.append(Known(raw[at : mark.start()].decode(errors="replace"), inputs))
            made.append(self.marks[int(mark[1])])
            at = mark.end()
        if at < len(raw):
            made.append(Known(raw[at:].decode(errors="replace"), inputs))
        return tuple(made)


def prepare(script: str, evaluate: Callable[[str], Value], first_line: int) -> Source:
    """The source of a script, ``evaluate`` giving an expression's value; ``first_line`` is the script's in its file."""
    marks: list[Piece] = []
    text, lines = bytearray(), list[int]()
    spans: list[tuple[int, int, frozenset[str]]] = []
    line, at = first_line, 0

    def write(part: str, *, counts: bool) -> None:
        nonlocal line
        for byte in part.encode():
            text.append(byte)
            lines.append(line)
            line += counts and byte == 0x0A

    for found in EXPRESSION.finditer(script):
        write(script[at : found.start()], counts=True)
        at = found.end()
        begin = len(text)
        inputs: set[str] = set()
        for piece in evaluate(found[1]):
            if isinstance(piece, Known):
                write(piece.text, counts=False)
                inputs |= piece.inputs
            else:
                write(f"Zq{len(marks)}qZ", counts=False)
                marks.append(piece)
        if inputs:
            spans.append((begin, len(text), frozenset(inputs)))
        line += found[0].count("\n")
    write(script[at:], counts=True)
    return _Lines(Source(bytes(text), lines, marks, spans)).joined()


@dataclass
class _Level:
    """A command's text, or one in double quotes, with the parentheses that are open in it."""

    is_double: bool = False
    depth: int = 0


class _Lines:
    """A walk over a script as bash reads it, as far as quotes, comments and here-documents go."""

    def __init__(self, source: Source) -> None:
        self.source, self.text = source, source.text
        self.kept: list[int] = []  # places of bytes; negative: a byte of our own
        self.own: dict[int, bytes] = {}
        self.heredocs: list[tuple[Source, bool]] = []
        self.pending: list[tuple[bytes, bool, bool]] = []

    def joined(self) -> Source:  # noqa: PLR0912
        at = 0
        stack: list[_Level] = [_Level()]
        text = self.text
        while at < len(text):
            top, byte = stack[-1], text[at : at + 1]
            if byte == b"\\":
                if text[at + 1 : at + 2] != b"\n":
                    self.kept += range(at, min(at + 2, len(text)))
                at += 2
                continue
            if text[at : at + 2] == b"$(":
                self.kept += (at, at + 1)
                at += 2
                stack.append(_Level())
                continue
            if top.is_double:
                if byte == b'"':
                    stack.pop()
            elif byte == b"'":
                end = self._quoted(at)
                self.kept += range(at, end)
                at = end
                continue
            elif byte == b'"':
                stack.append(_Level(is_double=True))
            elif byte == b"#" and (at == 0 or text[at - 1] in _WORD_BEFORE):
                end = text.find(b"\n", at)
                at = len(text) if end < 0 else end
                continue
            elif byte == b"(":
                top.depth += 1
            elif byte == b")":
                if top.depth == 0 and len(stack) > 1:
                    stack.pop()
                top.depth = max(0, top.depth - 1)
            elif text[at : at + 3] == b"<<<":
                self.kept += range(at, at + 3)
                at += 3
                continue
            elif heredoc := _HEREDOC.match(text, at):
                at = self._heredoc_begins(heredoc)
                continue
            elif byte == b"\n" and self.pending:
                self.kept.append(at)
                at = self._bodies(at + 1)
                continue
            self.kept.append(at)
            at += 1
        return self._made(self.kept)

    def _quoted(self, at: int) -> int:
        """The end of a text in single quotes, of either kind."""
        escapes = self.text[at - 1 : at] == b"$" if at else False
        end = at + 1
        while end < len(self.text) and self.text[end : end + 1] != b"'":
            end += 2 if escapes and self.text[end : end + 1] == b"\\" else 1
        return min(end + 1, len(self.text))

    def _heredoc_begins(self, found: re.Match[bytes]) -> int:
        word = found[2] or found[3] or found[4]
        is_plain = found[2] is None and found[3] is None and b"\\" not in found[0]
        self.pending.append((word, is_plain, bool(found[1])))
        mark = f'<"Zh{len(self.heredocs) + len(self.pending) - 1}hZ" '.encode()
        for byte in mark:
            self.kept.append(-found.start() - 1)
            self.own[len(self.kept) - 1] = bytes([byte])
        return found.end()

    def _bodies(self, at: int) -> int:
        for word, expands, strips in self.pending:
            body: list[int] = []
            while at < len(self.text):
                end = self.text.find(b"\n", at)
                end = len(self.text) if end < 0 else end + 1
                line = self.text[at:end]
                tabs = len(line) - len(line.lstrip(b"\t")) if strips else 0
                if line[tabs:].rstrip(b"\n") == word:
                    at = end
                    break
                body += range(at + tabs, end)
                at = end
            self.heredocs.append((self._body(body, expands=expands), expands))
        self.pending = []
        return at

    def _body(self, places: list[int], *, expands: bool) -> Source:
        """A here-document; one that is expanded becomes a text in double quotes, which means the same."""
        if not expands:
            return self._made(places, {})
        kept, own = list[int](), dict[int, bytes]()

        def add(byte: bytes, place: int) -> None:
            kept.append(-place - 1)
            own[len(kept) - 1] = byte

        first = places[0] if places else 0
        add(b'"', first)
        at = 0
        while at < len(places):
            byte, after = self.text[places[at]], self.text[places[at + 1]] if at + 1 < len(places) else 0
            if byte == 0x5C and after in b"$`\\":
                kept += (places[at], places[at + 1])
                at += 2
                continue
            if byte == 0x5C and after == 0x0A:
                at += 2
                continue
            if byte == 0x24 and after == 0x28:
                end = self._substitution(places, at)
                kept += places[at:end]
                at = end
                continue
            if byte in b'\\"':
                add(b"\\", places[at])
            kept.append(places[at])
            at += 1
        add(b'"', first)
        return self._made(kept, own)

    def _substitution(self, places: list[int], at: int) -> int:
        """The end of a command substitution in a here-document, in which quotes mean what they do elsewhere."""
        depth = 0
        for end in range(at + 1, len(places)):
            byte = self.text[places[end]]
            depth += (byte == 0x28) - (byte == 0x29)
            if depth == 0:
                return end + 1
        return len(places)

    def _made(self, places: list[int], own: dict[int, bytes] | None = None) -> Source:
        own = self.own if own is None else own
        text = b"".join(
            own.get(at, b"") if place < 0 else self.text[place : place + 1] for at, place in enumerate(places)
        )
        lines = [self.source.line(-place - 1 if place < 0 else place) for place in places]
        where = {place: at for at, place in enumerate(places) if place >= 0}
        spans = []
        for begin, end, names in self.source.spans:
            moved = [where[place] for place in range(begin, end) if place in where]
            if moved:
                spans.append((moved[0], moved[-1] + 1, names))
            elif begin == end and begin in where:  # nothing in its place
                spans.append((where[begin], where[begin], names))
        return Source(text, lines, self.source.marks, spans, self.heredocs if own is self.own else [])
