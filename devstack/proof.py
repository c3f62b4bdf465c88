"""``python -m devstack.proof FUNCTION``: wait until a function of the receiver was called, and show the request."""

import json
import time
from typing import Annotated, Any

import typer

from devstack.errors import DevstackError
from devstack.stack import Stack

POLL = 0.5
"""Seconds between two looks."""

ACCEPTED = range(200, 300)
"""A call with wrong credentials proves nothing."""

MASKED = {"authorization", "apikey"}


def proof(
    function: Annotated[str, typer.Argument(help="The function, as in /functions/v1/FUNCTION.")],
    name: Annotated[str, typer.Option("--name", help="Which stack.")] = "dev",
    timeout: Annotated[float, typer.Option(help="Seconds to wait: a minute, and what the request needs.")] = 75,
) -> None:
    """Show the last accepted request of a function, credentials masked; exit status 1 when none comes in time."""
    try:
        request = _wait(Stack(name=name), function, timeout)
    except DevstackError as error:
        typer.echo(f"devstack: {error}", err=True)
        raise typer.Exit(1) from None
    if request is None:
        typer.echo(
            f"devstack: {function} was not called with success within {timeout:g} s; "
            "see cron.job_run_details, net._http_response and: python -m devstack logs",
            err=True,
        )
        raise typer.Exit(1)
    typer.echo(f"{request['time']}  {request['method']} {request['path']}  ->  {request['status']}")
    for header, value in request["headers"].items():
        typer.echo(f"  {header}: {mask(value) if header.lower() in MASKED else value}")
    typer.echo(f"  {json.dumps(request['json'])}")


def mask(value: str) -> str:
    """A credential by its scheme and length alone."""
    scheme, _, rest = value.rpartition(" ")
    return f"{scheme + ' ' if scheme else ''}({len(rest)} characters)"


def _wait(stack: Stack, function: str, timeout: float) -> dict[str, Any] | None:
    end = time.monotonic() + timeout
    told = False
    while not (found := [each for each in stack.requests(function) if each["status"] in ACCEPTED]):
        if time.monotonic() > end:
            return None
        if not told:
            typer.echo(f"devstack: waiting for the next minute, when {function} is due", err=True)
            told = True
        time.sleep(POLL)
    return found[-1]


if __name__ == "__main__":
    typer.run(proof)
