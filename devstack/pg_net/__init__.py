"""The stand-in of pg_net: an SQL extension with its tables and functions, and a worker that drains its queue."""

from typing import Final

from devstack.extension_files import StandIn

VERSION: Final = "0.20.4-standin"
"""The extension's version, recognisable as not the real one's."""

STAND_IN: Final = StandIn("pg_net", VERSION, __name__)

APPLICATION_NAME: Final = f"pg_net {VERSION}"
"""What the worker's session is called; ``net.check_worker_is_up()`` looks for it."""
