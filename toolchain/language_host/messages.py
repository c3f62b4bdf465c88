"""Loads the generated gRPC messages of Pulumi's SDK without the SDK around them."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def load_messages_only() -> None:
    """Let ``pulumi.runtime.proto`` be imported without running ``pulumi/__init__.py``.

    That file imports the whole SDK with its tracing libraries: 0.1 seconds of every command and a dozen packages the
    host has no other use for. Call it once, before the first import of ``pulumi``.

    Raises ``ModuleNotFoundError`` when the SDK is not installed.
    """
    found = importlib.util.find_spec("pulumi")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("pulumi")
    folder = Path(found.origin).parent
    for name, path in (("pulumi", folder), ("pulumi.runtime", folder / "runtime")):
        package = ModuleType(name)
        package.__path__ = [str(path)]
        sys.modules[name] = package
