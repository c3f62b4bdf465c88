"""The findings on jobs name the job and never a key."""

import jwt

from components.security.doctor_finding import Subject
from components.security.job_findings import planted

JWT = jwt.encode({"role": "service_role", "exp": 4102444800}, "k" * 32)
SUBJECT = Subject("public", "postgres", True, True, True, True)


def test_a_finding_names_the_job_and_never_the_key() -> None:
    rows = [{"jobid": 7, "name": "", "username": "postgres", "role_exists": True, "command": f"SELECT '{JWT}'"}]
    ((level, name, sentence),) = planted(SUBJECT, {"jobs": rows})
    assert (level, name) == ("problem", "jobid 7")
    assert "a JWT (eyJ…)" in sentence
    assert not any(part in sentence for part in JWT.split("."))
