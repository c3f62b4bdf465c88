"""cronctl: what people run after ``pulumi up``. One file a group of commands; talk on stderr, data on stdout."""

import typer

from cronctl import dispatch, doctor, drift, export, history, logs, report, rotate, status, verify

app = typer.Typer(
    name="cronctl",
    help="Look after the scheduled jobs that a stack declares.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("status")(status.status)
app.command("next")(status.next_runs)
app.command("history")(history.show_history)
app.command("failures")(history.failures)
app.command("show")(history.show)
app.command("logs")(logs.logs)
app.command("trigger")(dispatch.trigger)
app.command("pause")(dispatch.pause)
app.command("resume")(dispatch.resume)
app.command("verify")(verify.verify)
app.command("drift")(drift.drift)
app.command("rotate")(rotate.rotate)
app.command("doctor")(doctor.doctor)
app.command("export")(export.export)
app.command("report")(report.report)


def main() -> None:
    """The console script's entry."""
    app()


if __name__ == "__main__":
    main()
