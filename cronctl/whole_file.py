"""A file that is there as a whole or not at all."""

import os
import tempfile
from pathlib import Path

from components.errors import Error

MODE = 0o644


def write_whole(path: Path, text: str, advice: str = "name another file with --output") -> None:
    """Replace a file in one step; a link stays, and what is no file (a terminal, a pipe) is written to as it is.

    Raises Error, which ends with ``advice``, where the folder is not there or cannot be written to.
    """
    try:
        place = path.resolve()
        if place.is_dir():
            raise IsADirectoryError(f"{path} is a folder")
        if place.exists() and not place.is_file():
            place.write_text(text, encoding="utf-8")
        else:
            _replace(place, text)
    except OSError as exc:
        reason = (exc.strerror or str(exc)).lower()
        raise Error(f"cannot write {path}: {reason}; {advice}") from exc


def _replace(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            os.fchmod(file.fileno(), MODE)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
