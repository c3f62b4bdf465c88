"""``python -m devstack``: the stack by hand. Talk goes to stderr, data to stdout."""

import json
import os
import shlex
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from devstack.errors import DevstackError, InvalidArgument
from devstack.functions import FunctionChanges
from devstack.packages import install_packages, install_test_packages
from devstack.part_status import PARTS, Part
from devstack.proof import describe, wait_for_request
from devstack.settings import Defaults
from devstack.stack import Stack

app = typer.Typer(
    help="PostgreSQL as Supabase lays it out, pg_cron, pg_net and Vault or stand-ins of them, and a receiver that "
    "plays the Edge Functions: on this machine, for development and tests only.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
receiver = typer.Typer(help="What the Edge Functions of the receiver demand and answer.", no_args_is_help=True)
app.add_typer(receiver, name="receiver")

Name = Annotated[str, typer.Option("--name", metavar="NAME", help="Which stack; several run side by side.")]


def _say(sentence: str) -> None:
    typer.echo(f"devstack: {sentence}", err=True)


def _stack(name: str) -> Stack:
    return Stack(name=name, say=_say)


@app.command()
def up(
    name: Name = "dev",
    defaults: Annotated[
        Defaults | None,
        typer.Option(help="Supabase's default privileges: as before 2026, or as after October 2026 (for a new stack)."),
    ] = None,
) -> None:
    """Make what is missing and start what does not run."""
    _stack(name).up(defaults)
    _say(f"the stack {name!r} is up")


@app.command()
def down(name: Name = "dev") -> None:
    """Stop what runs; data stays."""
    _stack(name).down()
    _say(f"the stack {name!r} is down")


@app.command()
def clean(name: Name = "dev") -> None:
    """Stop what runs and remove all of the stack."""
    _stack(name).clean()
    _say(f"the stack {name!r} is gone")


@app.command()
def status(
    name: Name = "dev", as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False
) -> None:
    """Show each part; the exit status is 1 when one does not run."""
    parts = _stack(name).status()
    if as_json:
        typer.echo(json.dumps([asdict(part) for part in parts], indent=2))
    else:
        for part in parts:
            where = part.url or (f"port {part.port}" if part.port else "")
            process = f"process {part.pid}" if part.pid else ""
            typer.echo(f"{part.part:<10}{part.state:<10}{process:<16}{where}".rstrip())
    if not all(part.ok for part in parts):
        raise typer.Exit(1)


@app.command()
def url(
    name: Name = "dev",
    superuser: Annotated[
        bool, typer.Option("--superuser", help="The bootstrap superuser, which nobody has at Supabase.")
    ] = False,
) -> None:
    """Print the conninfo of the login postgres."""
    stack = _stack(name)
    typer.echo(stack.superuser_conninfo if superuser else stack.conninfo)


@app.command()
def env(name: Name = "dev") -> None:
    """Print export lines for a shell: eval "$(python -m devstack env)"."""
    for variable, value in _stack(name).environment().items():
        typer.echo(f"export {variable}={shlex.quote(value)}")


@app.command()
def logs(
    part: Annotated[Part | None, typer.Argument(help="One part; all without it.")] = None,
    name: Name = "dev",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as more is written.")] = False,
) -> None:
    """Show the end of the logs."""
    files = [str(path) for each in PARTS if part in (None, each) and (path := _stack(name).log(each)).exists()]
    if not files:
        raise InvalidArgument(f"the stack {name!r} has no such log yet; bring it up first")
    sys.stdout.flush()
    os.execvp("tail", ["tail", "-n", "100", *(["-F"] if follow else []), *files])  # noqa: S606 - no shell is wanted


@app.command()
def packages(
    tests: Annotated[
        bool, typer.Option("--tests", help="Only what tests need: Debian's chromium, curl and jq.")
    ] = False,
) -> None:
    """Install PostgreSQL and pg_cron from the system's packages where they are missing, and the stand-ins."""
    if tests:
        install_test_packages(_say)
    else:
        install_packages(_say)


@receiver.command("show")
def show(
    function: Annotated[str | None, typer.Argument(help="One function; all without it.")] = None, name: Name = "dev"
) -> None:
    """Print what the functions demand and answer, credentials included, as JSON."""
    functions = _stack(name).functions()
    if function is not None and function not in functions:
        raise InvalidArgument(f"the receiver knows no function {function!r}; there are {', '.join(functions)}")
    chosen = functions if function is None else {function: functions[function]}
    typer.echo(json.dumps({key: value.model_dump() for key, value in chosen.items()}, indent=2))


@receiver.command("set")
def set_(
    function: Annotated[str, typer.Argument(help="The function's name, known already or new.")],
    *,
    name: Name = "dev",
    http_status: Annotated[int | None, typer.Option("--status", help="HTTP status of the answer.")] = None,
    body: Annotated[str | None, typer.Option(help="Body of the answer, sent as it stands.")] = None,
    header: Annotated[list[str] | None, typer.Option(help="'Name: value' of the answer; may be repeated.")] = None,
    delay: Annotated[float | None, typer.Option(help="Seconds before the answer.")] = None,
    drop: Annotated[bool | None, typer.Option("--drop/--no-drop", help="Close the connection unanswered.")] = None,
    require: Annotated[
        list[str] | None,
        typer.Option(help="'Header: value' that a request must have; may be repeated and replaces what was demanded."),
    ] = None,
) -> None:
    """Change what a function demands and answers, from the next request on."""
    changes: FunctionChanges = {}
    if http_status is not None:
        changes["status"] = http_status
    if body is not None:
        changes["body"] = body
    if header:
        changes["headers"] = _pairs(header)
    if delay is not None:
        changes["delay"] = delay
    if drop is not None:
        changes["drop"] = drop
    if require:
        changes["require"] = _pairs(require)
    changed = _stack(name).set_function(function, **changes)
    _say(f"{function} answers {'nothing' if changed.drop else changed.status} after {changed.delay:g} s")


@receiver.command("reset")
def reset(
    function: Annotated[str | None, typer.Argument(help="One function; all without it.")] = None, name: Name = "dev"
) -> None:
    """Make functions what they are by default."""
    _stack(name).reset_functions(function)
    _say(f"{function or 'every function'} is as by default")


@app.command()
def proof(
    function: Annotated[str, typer.Argument(help="The function, as in /functions/v1/FUNCTION.")],
    name: Name = "dev",
    timeout: Annotated[float, typer.Option(help="Seconds to wait: a minute, and what the request needs.")] = 75,
) -> None:
    """Show the last accepted request of a function, credentials masked; waits for one to come."""
    stack = _stack(name)
    request = wait_for_request(stack, function, 0)
    if request is None:
        _say(f"waiting for the next minute, when {function} is due")
        request = wait_for_request(stack, function, timeout)
    if request is None:
        _say(
            f"{function} was not called with success within {timeout:g} s; "
            "see cron.job_run_details, net._http_response and: python -m devstack logs"
        )
        raise typer.Exit(1)
    typer.echo(describe(request))


@receiver.command("requests")
def requests(
    function: Annotated[str | None, typer.Argument(help="Of one function; of all without it.")] = None,
    name: Name = "dev",
    clear: Annotated[bool, typer.Option("--clear", help="Forget all of them afterwards.")] = False,
) -> None:
    """Print the recorded requests as JSON lines, credentials included."""
    stack = _stack(name)
    for line in stack.requests(function):
        typer.echo(json.dumps(line, ensure_ascii=False))
    if clear:
        stack.clear_requests()


def _pairs(lines: list[str]) -> dict[str, str]:
    """``Name: value`` lines as a dict."""
    pairs: dict[str, str] = {}
    for line in lines:
        key, colon, value = line.partition(":")
        if not colon or not key.strip():
            raise InvalidArgument(f"{line!r} is no header; write it as 'Name: value'")
        pairs[key.strip()] = value.strip()
    return pairs


def main() -> None:
    """The command line; failures are one sentence on stderr and status 1."""
    try:
        app()
    except (DevstackError, OSError) as exc:
        _say(str(exc))
        sys.exit(1)
