"""psycopg's import without what takes the most of it, and what that leaves behind: nothing."""

import subprocess
import sys

import pytest

IMPORT = "from cronctl.driver_import import import_driver; import_driver()"


@pytest.mark.parametrize(
    "then",
    [
        "assert 'asyncio' not in sys.modules and 'importlib.metadata' not in sys.modules",
        "import importlib.metadata; assert importlib.metadata.version('psycopg')",
        "import asyncio; assert asyncio.run(asyncio.sleep(0, 7)) == 7",
        "import psycopg; assert psycopg.sql.SQL('{}').format(1).as_string() == '1'",
        "from psycopg import pq; assert pq.__impl__ == 'binary'",
        "import cronctl.status, cronctl.history; assert 'asyncio' not in sys.modules, 'nor for anything else'",
        "assert 'pydantic' not in sys.modules and 'yaml' not in sys.modules",
    ],
)
def test_afterwards(then: str) -> None:
    subprocess.run([sys.executable, "-c", f"import sys; {IMPORT}; {then}"], check=True, timeout=60)


@pytest.mark.parametrize("before", ["asyncio", "importlib.metadata", "psycopg"])
def test_what_is_there_already_is_left(before: str) -> None:
    code = f"import {before}, sys; there = sys.modules['{before}']; {IMPORT}; assert sys.modules['{before}'] is there"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_asyncio_tells_a_later_version_of_psycopg_what_it_asks() -> None:
    code = (
        "import sys; from cronctl.driver_import import _StandIn; standin = sys.modules['asyncio'] = _StandIn('asyncio');"
        "from asyncio import Event; import asyncio; assert asyncio is not standin and Event is asyncio.Event"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
