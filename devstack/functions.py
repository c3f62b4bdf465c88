"""What the receiver's Edge Functions expect and answer: a file that people and tests rewrite while it runs."""

from http import HTTPStatus
from pathlib import Path
from typing import Any, TypedDict

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from devstack.credentials import CRON_SECRET, SCHEDULER_SECRET_TOKEN, SERVICE_ROLE_KEY
from devstack.errors import InvalidArgument
from devstack.files import write_private


class Function(BaseModel):
    """One function: the headers it demands and the answer it gives to whoever has them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    require: dict[str, str] = Field(default={}, repr=False)
    """Header (any case) to the exact value it must have."""
    status: int = Field(default=HTTPStatus.OK, ge=200, le=599)
    body: Any = {"success": True}
    """Sent as JSON, but a string as it stands; None for an empty body."""
    headers: dict[str, str] = {}
    """Further headers of the answer."""
    delay: float = Field(default=0, ge=0)
    """Seconds before the answer."""
    drop: bool = False
    """Close the connection (after the delay) instead of answering."""

    @field_validator("require")
    @classmethod
    def _lower_case(cls, value: dict[str, str]) -> dict[str, str]:
        return {name.lower(): text for name, text in value.items()}


class FunctionChanges(TypedDict, total=False):
    """New values of some of a function's fields."""

    require: dict[str, str]
    status: int
    body: Any
    headers: dict[str, str]
    delay: float
    drop: bool


Functions = dict[str, Function]

PREFIX = "/functions/v1"
"""Where Supabase serves them."""

_FILE: TypeAdapter[Functions] = TypeAdapter(Functions)


def default_functions() -> Functions:
    """The six jobs' functions with the dev stack's credentials."""
    bearer = {"authorization": f"Bearer {SERVICE_ROLE_KEY}"}
    both = {**bearer, "apikey": SERVICE_ROLE_KEY}
    return {
        "generate-t5-invoices": Function(require=both),
        "run-escalation-orchestration": Function(require={"authorization": f"Bearer {CRON_SECRET}"}),
        "schedule-create-zoom": Function(require={"authorization": f"Bearer {SCHEDULER_SECRET_TOKEN}"}),
        "generate-monthly-invoices": Function(require=bearer),
        "escalate-overdue-bookings": Function(require=bearer),
        "notification-worker": Function(require=both),
    }


def read_functions(path: Path) -> Functions:
    """The functions in ``path``, the default ones where there is no such file.

    Raises:
        InvalidArgument: the file is not what it should be.
    """
    try:
        return _FILE.validate_json(path.read_bytes())
    except FileNotFoundError:
        return default_functions()
    except ValidationError as exc:
        raise InvalidArgument(f"{path} is damaged: {problems(exc)}; mend it or reset the receiver") from None


def write_functions(path: Path, functions: Functions) -> None:
    """Replaces the file at once; it holds credentials, fake as they should be, so it is readable by its owner alone."""
    write_private(path, _FILE.dump_json(functions, indent=2).decode() + "\n")


def changed(function: Function, changes: FunctionChanges) -> Function:
    """``function`` with some of its fields replaced.

    Raises:
        InvalidArgument: a field or value that a function cannot have.
    """
    try:
        return Function.model_validate({**function.model_dump(), **changes})
    except ValidationError as exc:
        raise InvalidArgument(f"the function cannot answer so: {problems(exc)}") from None


def problems(error: ValidationError) -> str:
    """Pydantic's findings in one line, without the values."""
    return "; ".join(
        f"{'.'.join(str(part) for part in each['loc']) or 'the file'}: {each['msg'].lower()}" for each in error.errors()
    )


def refusal(function: Function, headers: dict[str, str]) -> str | None:
    """Why these request headers (names in lower case) do not let the caller in, as Supabase says it, or None."""
    for name, value in function.require.items():
        sent = headers.get(name)
        if sent == value:
            continue
        if name == "authorization":
            return "Missing authorization header" if sent is None else "Invalid JWT"
        if name == "apikey":
            return "No API key found in request" if sent is None else "Invalid API key"
        return f"Missing {name} header" if sent is None else f"Invalid {name} header"
    return None
