"""The checks as data."""

import re
from pathlib import Path

from components.security.doctor import CHECKS

QUERIES = Path(__file__).parents[4] / "components" / "sql" / "doctor"


def test_every_query_is_some_checks() -> None:
    asked = {name for check in CHECKS for name in (*check.needs, *check.likes)}
    assert {path.stem.removeprefix("doctor_") for path in QUERIES.glob("doctor_*.sql")} == asked | {"situation"}


def test_what_a_check_likes_another_needs() -> None:
    needed = {name for check in CHECKS for name in check.needs}
    assert {name for check in CHECKS for name in check.likes} <= needed


def test_every_query_only_reads() -> None:
    for path in QUERIES.glob("doctor_*.sql"):
        code = re.sub(r"--[^\n]*|'[^']*'", "", path.read_text(encoding="utf-8"))
        assert not re.search(
            r"\b(insert into|update \w|delete from|create|alter|drop|grant|revoke)\b", code, re.IGNORECASE
        )
