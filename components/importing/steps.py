"""What is left to do after an import, in its order: values, the stack, and what pg_cron has twice. Pure."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from components.importing.call import KeptRow
from components.importing.outcome import Note, Outcome


class Step(NamedTuple):
    """Why something is to be done, and the commands or statements that do it."""

    why: str
    commands: tuple[str, ...]


def steps(found: Sequence[Outcome], secrets: Mapping[str, Any], kept: Sequence[KeptRow]) -> Iterator[Step]:
    """What is left to do; no step holds a value."""
    if not any(outcome.job is not None for outcome in found):
        return
    if secrets:
        yield Step(
            "set the secrets, whose values this import did not read",
            tuple(f"pulumi config set --secret --path {shlex.quote(f'secrets.{key}')}" for key in secrets),
        )
    if stale := [row.key for row in kept if row.is_placeholder and row.key in secrets]:
        yield Step(f"these have a placeholder in cron_secrets, so their jobs never worked: {', '.join(stale)}", ())
    if padded := [row.key for row in kept if row.is_padded and row.key in secrets]:
        yield Step(
            "these have quotes or blanks around their value in cron_secrets; set them without, as get_secret gives a "
            f"value as it is: {', '.join(padded)}",
            (),
        )
    if kept:
        yield Step(
            "let the stack take over cron_secrets and get_secret, which keep their rows; a value that differs from the "
            "configured one is replaced",
            ("pulumi config set adopt true",),
        )
    elif any(outcome.job and outcome.job.get("adopt") for outcome in found):
        yield Step("jobs keep their jobid and history, since each entry says adopt: true", ())
    yield Step("look at what changes, then deploy", ("pulumi preview", "pulumi up"))
    unscheduled = [
        str(note.details[1]) for outcome in found for note in outcome.notes if note.what is Note.UNNAMED and outcome.job
    ]
    if unscheduled:
        yield Step(
            "unschedule the jobs without a name at once, or they run twice", tuple(f"{each};" for each in unscheduled)
        )
