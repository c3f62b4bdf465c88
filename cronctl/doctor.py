"""``cronctl doctor``: what may be wrong with the living database that no declaration tells."""

from datetime import UTC, datetime

import typer

from components.security.doctor import examine, first_scripts
from components.security.doctor_finding import Finding
from components.security.secret_expiry import expiry_findings, expiry_query
from cronctl.output import DIFFERS, print_json, print_table, say
from cronctl.target import Target


def doctor(target: Target, *, as_json: bool) -> None:
    """Print what may be wrong with the living database; ends with DIFFERS where it is a problem. Raises Error."""
    database, schema = target
    with database.reading_ahead(*first_scripts(schema), [expiry_query(schema)]):
        findings = [*examine(database, schema), *expiry_findings(database, schema, datetime.now(UTC))]
    _print_findings(findings, as_json=as_json)
    problems = sum(finding.level == "problem" for finding in findings)
    if problems:
        say(f"{problems} problem{'s' if problems > 1 else ''} found; each line says what to do", "yellow")
        raise typer.Exit(DIFFERS)


def _print_findings(findings: list[Finding], *, as_json: bool) -> None:
    if as_json:
        well = all(finding.level != "problem" for finding in findings)
        print_json({"well": well, "findings": [finding._asdict() for finding in findings]})
    else:
        print_table("What the database's doctor found", Finding._fields, findings)
