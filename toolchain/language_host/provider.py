"""``python -m language_host.provider LAUNCHER ENGINE_ADDRESS``: the dynamic provider, ended with the engine.

LAUNCHER is the path of Pulumi's ``pulumi-resource-pulumi-python``, a shell script that starts the project's Python.
Left alone, that provider goes on for ever after an engine that was killed, with its database connections.
"""

import signal
import subprocess
import sys

from .processes import end_group, end_with_engine, lead_group


def main() -> None:
    """Run the launcher to its end and end as it did."""
    lead_group()
    # The engine's SIGINT goes to the whole group, so the provider gets it too; this process only waits for its end.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: end_group())
    process = subprocess.Popen(sys.argv[1:])
    end_with_engine()
    sys.exit(process.wait())


if __name__ == "__main__":
    main()
