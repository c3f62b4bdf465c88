"""``cronctl export``: what a stack declares as an SQL migration, for whoever deploys without Pulumi."""

from collections.abc import Callable
from pathlib import Path

from components.catalogue.stack_config import Config
from components.declaration.migration import migration
from components.errors import Error
from cronctl.output import print_file, say
from cronctl.stack import config_of
from cronctl.stack_values import StackValues
from cronctl.whole_file import write_whole


def export(asked: Callable[[], StackValues], output: Path | None, *, force: bool) -> None:
    """Write what a stack declares as an SQL migration, or print it; another text is replaced with ``force`` alone.

    Raises Error.
    """
    config = config_of(asked())
    text = migration(config)
    if output is None:
        print_file(text)
    elif not force and _has_another_text(output, text):
        raise Error(f"{output} is there with another text; replace it with --force, or name another file")
    else:
        write_whole(output, text)
    _say_what_is_left(config, output)


def _has_another_text(path: Path, text: str) -> bool:
    """Whether a file would be lost; an empty one is not, nor is what stdout was sent to."""
    if not path.is_file() or path.resolve() == Path("/dev/stdout").resolve():
        return False
    try:
        return path.read_bytes() not in {b"", text.encode()}
    except OSError as exc:
        raise Error(f"cannot read {path}: {(exc.strerror or str(exc)).lower()}; name another file") from None


def _say_what_is_left(config: Config, output: Path | None) -> None:
    if output is not None:
        say(f"{output} is written, with {len(config.catalogue.jobs)} jobs", "green")
    if secrets := list(config.catalogue.secrets):
        say(f"to be set once it has run, since no value is in it: {', '.join(secrets)}")
