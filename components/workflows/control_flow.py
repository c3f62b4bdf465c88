"""A script's lists, branches, loops and subshells. Pure."""

import re

from tree_sitter import Node

from components.workflows.machine_base import Base, Jump
from components.workflows.outcome import Reason, Refused
from components.workflows.patterns import pattern_of
from components.workflows.value import Value, known, places_of, text_of
from components.workflows.variables import Failed


class ControlFlow(Base):
    """What consists of statements."""

    def _list(self, node: Node) -> int:
        operator = next(child.type for child in node.children if child.type in {"&&", "||"})
        left, right = node.named_children[0], node.named_children[-1]
        with self.guarded():
            status = self.statement(left)
        if (status == 0) is (operator == "||"):
            return status
        return self.statement(right)

    def _negated_command(self, node: Node) -> int:
        with self.guarded():
            return 0 if self.statement(node.named_children[-1]) else 1

    def _compound_statement(self, node: Node) -> int:
        raw = self.words.raw(node)
        if raw.startswith("(("):
            return 0 if self.words.number(raw[2:-2], self.words.line(node)) else 1
        return self.statements(node.children[1:-1])

    def _subshell(self, node: Node) -> int:
        kept = dict(self.state.env)
        try:
            return self.statements(node.children[1:-1])
        except Failed as end:
            return end.status
        finally:
            self.state.env = kept

    def _if_statement(self, node: Node) -> int:
        return self._branches(node, node.children)

    def _branches(self, node: Node, children: list[Node]) -> int:
        then = next(at for at, child in enumerate(children) if child.type == "then")
        with self.guarded():
            holds = self.statements(children[1:then]) == 0
        clauses = [child for child in children if child.type in {"elif_clause", "else_clause"}]
        if holds:
            end = next(
                (at for at, child in enumerate(children) if child.type in {"elif_clause", "else_clause", "fi"}),
                len(children),
            )
            self.state.status = 0
            return self.statements(children[then + 1 : end])
        for clause in clauses:
            if clause.type == "else_clause":
                self.state.status = 0
                return self.statements(clause.children[1:])
            status = self._elif(clause)
            if status is not None:
                return status
        return 0

    def _elif(self, clause: Node) -> int | None:
        then = next(at for at, child in enumerate(clause.children) if child.type == "then")
        with self.guarded():
            if self.statements(clause.children[1:then]) != 0:
                return None
        self.state.status = 0
        return self.statements(clause.children[then + 1 :])

    def _case_statement(self, node: Node) -> int:
        value = self.words.value(node.child_by_field_name("value") or node.named_children[0])
        text = text_of(value)
        line = self.words.line(node)
        for item in (child for child in node.children if child.type == "case_item"):
            patterns = [child for at, child in enumerate(item.children) if item.field_name_for_child(at) == "value"]
            close = next(at for at, child in enumerate(item.children) if child.type == ")")
            if self._is_case(value, text, patterns, line):
                if any(child.type in {";&", ";;&"} for child in item.children):
                    raise Refused(Reason.SYNTAX, line, ": a case goes on into the next one")
                self.state.status = 0
                return self.statements([child for child in item.children[close + 1 :] if child.type != ";;"])
        return 0

    def _is_case(self, value: Value, text: str | None, patterns: list[Node], line: int) -> bool:
        for pattern in patterns:
            form = pattern_of(self.words.parts(pattern))
            if form == ".*":
                return True
            if form is None or text is None:
                if self.state.ask_opaque(value, line):
                    return True
                continue
            self.state.compared_with_status(value, known(self.words.raw(pattern)))
            if re.fullmatch(form, text, re.DOTALL):
                return True
        return False

    # loops

    def _for_statement(self, node: Node) -> int:
        name = self.words.raw(node.child_by_field_name("variable") or node.named_children[0])
        nodes = [child for at, child in enumerate(node.children) if node.field_name_for_child(at) == "value"]
        line = self.words.line(node)
        if node.children[0].type != "for":
            raise Refused(Reason.LOOP, line, "")
        values: list[Value] = []
        for each in nodes:
            values += self._counted(each) or self._array_or_fields([each])
        for value in values:
            if text_of(value) is None and not places_of(value):
                raise Refused(Reason.LOOP, line, " over what is not known here")
        status = 0
        for value in values:
            self.state.env[name] = value
            stop, status = self._round(node)
            if stop:
                break
        return status

    def _counted(self, node: Node) -> list[Value]:
        found = re.fullmatch(r"\{(\d+)\.\.(\d+)\}", self.words.raw(node))
        if found is None:
            return []
        first, last = int(found[1]), int(found[2])
        if abs(last - first) > 1000:
            raise Refused(Reason.LOOP, self.words.line(node), " of many rounds")
        step = 1 if last >= first else -1
        return [known(str(number)) for number in range(first, last + step, step)]

    def _c_style_for_statement(self, node: Node) -> int:
        found = re.match(r"for\s*\(\((.*?);(.*?);(.*?)\)\)", self.words.raw(node), re.DOTALL)
        line = self.words.line(node)
        if found is None:
            raise Refused(Reason.LOOP, line, "")
        if found[1].strip():
            self.words.number(found[1], line)
        status = 0
        while self.words.number(found[2], line):
            stop, status = self._round(node)
            if stop:
                break
            self.words.number(found[3], line)
        return status

    def _while_statement(self, node: Node) -> int:
        until = node.children[0].type == "until"
        body = next(at for at, child in enumerate(node.children) if child.type == "do_group")
        status = 0
        while True:
            self.state.count(self.words.line(node))
            with self.guarded():
                holds = self.statements(node.children[1:body]) == 0
            if holds is until:
                return status
            stop, status = self._round(node)
            if stop:
                return status

    def _round(self, node: Node) -> tuple[bool, int]:
        """One round of a loop: whether it ends the loop, and its status."""
        body = next(child for child in node.children if child.type == "do_group")
        self.state.count(self.words.line(node))
        try:
            return False, self.statements(body.children[1:-1])
        except Jump as jump:
            if jump.kind == "return":
                raise
            if jump.value > 1:
                raise Jump(jump.kind, jump.value - 1) from None
            return jump.kind == "break", 0
