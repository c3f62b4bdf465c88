#!/usr/bin/env bash
# postgast 0.2.0, protobuf 6.33.6, pulumi 3.272.0.
# Good guess: whether PostgreSQL's parse tree of a statement can be read depends on the statement. Or: protobuf's limit of
# 100 nested messages holds for whoever parses, since it is protobuf's own.
# Seen: 'a' || 'b' || … of 80 parts fails with "Error parsing message" in a fresh process, and decodes in one that has
# imported pulumi before: pulumi/runtime/rpc.py lifts the limit for the whole process.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check postgast==0.2.0 protobuf==6.33.6 pulumi==3.272.0
cat >"$folder/look.py" <<'PYTHON'
import subprocess
import sys

READ = """
import postgast
try:
    postgast.parse("SELECT " + " || ".join(["'a'"] * 80))
    print("decoded")
except Exception as error:
    print(type(error).__name__)
"""


def outcome(before):
    done = subprocess.run([sys.executable, "-c", before + READ], capture_output=True, text=True, check=True)
    return done.stdout.strip()


found = {name: outcome(before) for name, before in {"alone": "", "after pulumi": "import pulumi\n"}.items()}
print(found)
sys.exit(found != {"alone": "DecodeError", "after pulumi": "decoded"})
PYTHON
"$folder/venv/bin/python" "$folder/look.py"
