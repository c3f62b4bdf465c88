#!/usr/bin/env bash
# tree-sitter 0.26.1 with tree-sitter-bash 0.25.1, bash 5.
# Good guess: where a tree has no error (root.has_error is false), its nodes are bash's own commands, words and lists.
# Seen: in each of these the tree has no error and bash does something else. Words behind a redirection are no arguments
# of the command (they are destinations of the redirection). Quotes that touch an escape are two arguments. Behind a
# here-document, the || of the line is inside of the pipe. A here-document's text before its first expansion has no node.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tree-sitter==0.26.1 tree-sitter-bash==0.25.1
cat >"$folder/look.py" <<'PYTHON'
import subprocess
import sys

import tree_sitter_bash
from tree_sitter import Language, Parser

parser = Parser(Language(tree_sitter_bash.language()))
SHOW = 'show() { printf "%s " "$#"; }\n'


def bash(script):
    done = subprocess.run(["bash", "-c", SHOW + script], capture_output=True, text=True)
    return f"{done.stdout.strip()} exit {done.returncode}"


def tree(script):
    root = parser.parse(script.encode()).root_node
    assert not root.has_error, script
    return root


def find(node, kind):
    return next((found for child in [node] for found in [child, *child.children] if found.type == kind), None) or next(
        (found for child in node.children if (found := find(child, kind))), None
    )


def arguments(script):
    command = find(tree(script), "command")
    return sum(command.field_name_for_child(at) == "argument" for at in range(command.child_count))


found = {
    "behind a redirection": (arguments("show a > /dev/stderr b c"), bash("show a 2>&1 > /dev/stdout b c")),
    "touching words": (arguments('show "a"\\?b'), bash('show "a"\\?b')),
    "behind a here-document": (
        [child.type for child in find(tree("false <<E | false || true\nx\nE\n"), "pipeline").named_children],
        bash("false <<E | false || true\nx\nE\n"),
    ),
    "a here-document": (
        [child.type for child in find(tree("cat <<E\nfirst $a last\nE\n"), "heredoc_body").children],
        bash("a=1; cat <<E\nfirst $a last\nE\n"),
    ),
}
for name, pair in found.items():
    print(f"{name:24} tree: {pair[0]}   bash: {pair[1]!r}")
expected = {
    "behind a redirection": (1, "3 exit 0"),
    "touching words": (2, "1 exit 0"),
    "behind a here-document": (["list"], "exit 0"),
    "a here-document": (["simple_expansion", "heredoc_content"], "first 1 last exit 0"),
}
changed = [name for name in found if (found[name][0], found[name][1].strip()) != expected[name]]
sys.exit(f"changed: {changed}" if changed else 0)
PYTHON
"$folder/venv/bin/python" "$folder/look.py"
