"""cronctl: what people run after ``pulumi up``. One file a group of commands; talk on stderr, data on stdout."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from components.values.visible_text import visible_text
from cronctl import (
    describe,
    doctor,
    drift,
    export,
    history,
    init,
    job_commands,
    lint,
    logs,
    report,
    rotate,
    status,
    verify,
)
from cronctl.output import escape_what_stdout_lacks, print_errors


class _Commands(TyperGroup):
    """All commands; what their usage errors quote of the command line is shown and does not act."""

    def make_context(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - typer's own types are not public
        with _quoted_visibly():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401
        with _quoted_visibly():
            return super().invoke(ctx)


@contextmanager
def _quoted_visibly() -> Iterator[None]:
    try:
        yield
    except Exception as exc:
        if isinstance(message := getattr(exc, "message", None), str):  # so says each error that typer prints
            print_errors([exc.format_message()], exc.exit_code)  # type: ignore[attr-defined]
            exc.message = visible_text(message)  # type: ignore[attr-defined]
        raise


app = typer.Typer(
    name="cronctl",
    cls=_Commands,
    help="Look after the scheduled jobs that a stack declares.",
    context_settings={"help_option_names": ["--help", "-h"]},
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("status")(status.status)
app.command("next")(status.next_runs)
app.command("describe")(describe.describe)
app.command("history")(history.show_history)
app.command("failures")(history.failures)
app.command("show")(history.show)
app.command("logs")(logs.logs)
app.command("trigger")(job_commands.trigger)
app.command("pause")(job_commands.pause)
app.command("resume")(job_commands.resume)
app.command("lint")(lint.lint)
app.command("verify")(verify.verify)
app.command("drift")(drift.drift)
app.command("rotate")(rotate.rotate)
app.command("doctor")(doctor.doctor)
app.command("export")(export.export)
app.command("report")(report.report)
app.command("init")(init.init)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(metadata.version("supabase-cron"))
        raise typer.Exit


@app.callback()
def _all_commands(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    pass


def main() -> None:
    """The console script's entry."""
    escape_what_stdout_lacks()
    app()


if __name__ == "__main__":
    main()
