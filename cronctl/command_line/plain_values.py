"""Texts, whole numbers and paths of a command line, read without pydantic, which typer imports for them.

That import takes longer than a query to a database nearby and its answer. Whatever is not plainly right is left to
typer, which refuses it in its own words. A version of typer without that import is left as it is.
"""

import os
from pathlib import Path
from typing import Any


class PlainlyRead:
    """A command of typer's whose parameters read what is plainly right by themselves."""

    def get_params(self, ctx: Any) -> list[Any]:  # noqa: ANN401 - typer's own types are not public
        """The parameters, that of the help among them."""
        parameters: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for parameter in parameters:
            if (described := getattr(parameter, "type_descriptor", None)) is not None:
                parameter._runtime_param = _Plain(described.annotation, described.parameter_info)
        return parameters


class _Plain:
    """What typer asks for the value of a parameter; ``rules`` are those that it was declared with."""

    def __init__(self, annotation: Any, rules: Any) -> None:  # noqa: ANN401
        self._annotation, self._rules = annotation, rules

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: ANN401
        try:
            return self._plain(value)
        except ValueError:
            param._runtime_param = None
            return param.get_runtime_param().coerce(value, param=param, ctx=ctx)

    def _plain(self, value: Any) -> Any:  # noqa: ANN401
        """The value. Raises ValueError for what is to be left to typer."""
        if self._annotation == list[str]:
            return [_text(part) for part in value or ()]
        if value is None or (self._annotation is bool and isinstance(value, bool)):
            return value
        if self._annotation is str:
            return _text(value)
        if self._annotation is int:
            return self._number(value)
        if self._annotation is Path:
            return self._path(value)
        raise ValueError

    def _number(self, value: Any) -> int:  # noqa: ANN401
        number = value if isinstance(value, int) else int(value) if value.isascii() and value.isdecimal() else None
        least, most = self._rules.min, self._rules.max
        if number is None or (least is not None and number < least) or (most is not None and number > most):
            raise ValueError
        return number

    def _path(self, value: str | Path) -> Path:
        path, rules = Path(value), self._rules
        if rules.exists or rules.writable or rules.resolve_path or not rules.file_okay:
            raise ValueError
        if path.exists() and not (os.access(path, os.R_OK) and (rules.dir_okay or not path.is_dir())):
            raise ValueError
        return path


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise ValueError
