"""``python -m language_host LAUNCHER ... ENGINE_ADDRESS``: serves until the engine ends it, or ends itself.

LAUNCHER is the path of Pulumi's ``pulumi-language-python-exec``. The first line on standard output is the port.
"""

import signal
import sys

from .messages import load_messages_only
from .processes import end_group, end_with_engine, lead_group


def main() -> None:
    """Serve one engine."""
    lead_group()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: end_group())
    load_messages_only()
    from .server import LanguageHost, serve  # noqa: PLC0415 - its imports need the line above

    server, port = serve(LanguageHost(address=sys.argv[-1], launcher=sys.argv[1]))
    print(port, flush=True)
    end_with_engine()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
