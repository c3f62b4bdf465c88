"""A shell script run step by step in a world of answers: which calls it makes, and whether it ends well. Pure.

The semantics are bash's own: what ``-e`` ends, what a pipe and a substitution return. What it does not know it refuses.
"""

from tree_sitter import Node

from components.workflows.control_flow import ControlFlow
from components.workflows.machine_base import Jump
from components.workflows.outcome import Reason, Refused
from components.workflows.simple_command import SimpleCommands
from components.workflows.variables import Failed
from components.workflows.words import PARSER


class Machine(ControlFlow, SimpleCommands):
    """A run of one script, whose calls and questions are written to the state's trace."""

    def run(self) -> int:
        """The script's exit status. Raises Refused for what cannot be read."""
        root = PARSER.parse(self.source.text).root_node
        self._refuse_errors(root)
        try:
            self.statements(root.children)
        except Failed as end:
            self.state.status = end.status
        except Jump as jump:
            self.state.status = jump.value if jump.kind == "return" else 0
        return self.state.status

    def _refuse_errors(self, root: Node) -> None:
        if not root.has_error:
            return
        left = [root]
        while left:
            node = left.pop()
            if node.is_error or node.is_missing:
                raise Refused(Reason.SYNTAX, self.source.line(node.start_byte), "")
            left += [child for child in reversed(node.children) if child.has_error or child.is_missing]
