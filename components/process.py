"""How a process of the project starts and ends: each operation starts new ones, so both count (bench/startup.py)."""

import atexit
import gc
import os


def tune_process() -> None:
    """Spare a short-lived process what it gains nothing from; called before the imports that are slow."""
    atexit.register(gc.freeze)  # the interpreter's last collection takes 50 ms, and frees what ends with the process
    gc.set_threshold(100_000)  # imports make no garbage, and ten collections look for it
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # else it reads the metadata of all packages
