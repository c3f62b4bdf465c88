"""Starting a command from tests that may themselves run in the background."""

import sys

AS_FROM_A_SHELL = (
    *(sys.executable, "-S", "-c"),
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])",
)
"""Ctrl-C works in what this starts, also where the tests themselves run in the background, which ignores it."""
