"""A shell's words as values: quotes, expansions and substitutions, by the byte ranges of tree-sitter-bash. Pure."""

import re
from collections.abc import Callable

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

from components.workflows.outcome import Reason, Refused
from components.workflows.patterns import Part
from components.workflows.value import Known, Value, joined, known, text_of, words_of
from components.workflows.variables import Variables, unescaped

PARSER = Parser(Language(tree_sitter_bash.language()))

_ANSI = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "a": "\a", "e": "\x1b"}


def _in_double_quotes(text: bytes) -> bytes:
    return re.sub(rb'\\([$`"\\])', rb"\1", text)


class Words(Variables):
    """The words of one source."""

    def value(self, node: Node) -> Value:
        """The value of a word that is not split, as an assignment or a test takes it."""
        return joined(part.value for part in self.parts(node))

    def fields(self, nodes: list[Node]) -> list[Value]:
        """The words that a command gets of nodes; nodes that touch are one word, whatever the tree says."""
        fields: list[Value] = []
        group: list[Node] = []
        for node in [*nodes, None]:
            if node is not None and group and node.start_byte == group[-1].end_byte:
                group.append(node)
                continue
            if group:
                fields += self._split([part for each in group for part in self.parts(each)], self.line(group[0]))
            group = [node] if node is not None else []
        return fields

    def _split(self, parts: list[Part], line: int) -> list[Value]:
        literal = "".join(text_of(part.value) or "" for part in parts if part.mode == "literal")
        if re.search(r"\{[^{}]*(?:,|\.\.)[^{}]*\}", literal) or literal.startswith("~"):
            raise Refused(Reason.SYNTAX, line, ": it has braces or '~' outside of quotes")
        words: list[list[Value]] = []
        begun = False
        for part in parts:
            if part.mode != "expanded":
                words[-1:] = [[*words[-1], part.value]] if begun else [*words[-1:], [part.value]]
                begun = True
                continue
            pieces = words_of(part.value)
            text = text_of(part.value)
            starts_with_blank = text is not None and text[:1].isspace()
            for at, piece in enumerate(pieces):
                if at == 0 and begun and not starts_with_blank:
                    words[-1].append(piece)
                else:
                    words.append([piece])
                begun = True
            if text is not None and text[-1:].isspace():
                begun = False
        return [joined(word) for word in words]

    def parts(self, node: Node) -> list[Part]:  # noqa: PLR0911 - a line for each kind of node
        """The parts of a word. Raises Refused for a word that is not read here."""
        if not node.is_named:  # an operator of a test
            return [Part(known(self.raw(node)), "literal")]
        match node.type:
            case "raw_string":
                return [Part(self.source.pieces(node.start_byte + 1, node.end_byte - 1) or known(""), "quoted")]
            case "ansi_c_string":
                return [Part(self._ansi(node), "quoted")]
            case "string":
                value = self.span(node.start_byte + 1, node.end_byte - 1, node.named_children, _in_double_quotes)
                return [Part(value or known(""), "quoted")]
            case "simple_expansion" | "expansion" | "command_substitution" | "arithmetic_expansion":
                return [Part(self._expanded(node), "expanded")]
            case "concatenation":
                return self._concatenation(node)
            case "word" | "number" | "regex" | "extglob_pattern" | "variable_name" | "test_operator" | "command_name":
                if node.type == "command_name" and node.named_children and node.named_children[0].type != "word":
                    return self.parts(node.named_children[0])
                raw = self.source.text[node.start_byte : node.end_byte]
                if b"\\" in raw:
                    return [
                        Part(
                            self.source.pieces(
                                node.start_byte + found.start(), node.start_byte + found.end(), unescaped
                            ),
                            "quoted" if found[0].startswith(b"\\") else "literal",
                        )
                        for found in re.finditer(rb"\\.|[^\\]+", raw, re.DOTALL)
                    ]
                value = self.source.pieces(node.start_byte, node.end_byte)
                return [Part((piece,), "literal" if isinstance(piece, Known) else "expanded") for piece in value]
            case "brace_expression":
                return [Part(self.source.pieces(node.start_byte, node.end_byte), "literal")]
        raise Refused(Reason.SYNTAX, self.line(node), f": it has a {node.type.replace('_', ' ')}")

    def _concatenation(self, node: Node) -> list[Part]:
        parts, at = [], node.start_byte
        for child in node.children:
            if child.start_byte > at:  # what belongs to no node
                parts.append(Part(self.source.pieces(at, child.start_byte, unescaped), "literal"))
            parts += self.parts(child) if child.is_named else [Part(known(self.raw(child)), "literal")]
            at = child.end_byte
        return parts

    def span(self, start: int, end: int, nodes: list[Node], clean: Callable[[bytes], bytes]) -> Value:
        """The text between two bytes with the expansions among some nodes in it."""
        values, at = [], start
        for node in nodes:
            if node.start_byte < at or node.type in {"string_content", "heredoc_content", "word", "number", "regex"}:
                continue
            values.append(self.source.pieces(at, node.start_byte, clean))
            values.append(self.value(node))
            at = node.end_byte
        return joined([*values, self.source.pieces(at, end, clean)])

    def _ansi(self, node: Node) -> Value:
        text = self.raw(node)[2:-1]
        if re.search(r"\\[xuUc1-7]", text):
            raise Refused(Reason.SYNTAX, self.line(node), ": it has escapes by number")
        if any(escape not in _ANSI for escape in re.findall(r"\\(.)", text, re.DOTALL)):
            raise Refused(Reason.SYNTAX, self.line(node), ": it has escapes that are not read here")
        return known(re.sub(r"\\(.)", lambda found: _ANSI[found[1]], text))

    def _expanded(self, node: Node) -> Value:
        if node.type == "command_substitution":
            return self.substitute(node)
        if node.type == "arithmetic_expansion":
            return known(str(self.number(self.raw(node)[3:-2], self.line(node))))
        if node.type == "simple_expansion":
            return self.variable(self.raw(node)[1:], self.line(node))
        return self.braced(node)
