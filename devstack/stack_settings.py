"""The settings that a stack gets when it is made, and the refusal of others afterwards."""

from collections.abc import Callable

from devstack.binaries import chosen_bindir, find_binaries
from devstack.cluster import Cluster
from devstack.errors import StackConflict
from devstack.files import write_private
from devstack.functions import default_functions, write_functions
from devstack.places import Places
from devstack.ports import choose
from devstack.settings import Defaults, Settings, ports_of_others, read_settings, write_settings

RECEIVER_PORT = 54321
POSTGRES_PORT = 54322


def settings_for(
    name: str, places: Places, cluster: Cluster, defaults: Defaults | None, say: Callable[[str], None]
) -> Settings:
    """The settings of a stack that is there, or of one that is begun now.

    Raises:
        StackConflict: it has other default privileges or another server than what is asked for.
    """
    settings = read_settings(places.settings)
    if settings is None:
        return _new_settings(name, places, cluster, defaults or "new", say)
    if defaults not in (None, settings.defaults):
        raise StackConflict(
            f"the stack {name!r} has the {settings.defaults} default privileges; "
            f"clean it first, or bring up another --name with the {defaults} ones"
        )
    if (chosen := chosen_bindir()) not in (None, settings.bindir):
        raise StackConflict(
            f"the stack {name!r} has the server in {settings.bindir}, and DEVSTACK_PG_BINDIR is {chosen}; "
            f"clean it first, or bring up another --name with the other server"
        )
    return settings


def _new_settings(
    name: str, places: Places, cluster: Cluster, defaults: Defaults, say: Callable[[str], None]
) -> Settings:
    if places.server_elsewhere.exists():
        raise StackConflict(
            f"{places.server_elsewhere} holds the data of a stack whose settings are gone; "
            f"remove it with `python -m devstack clean --name {name}`"
        )
    binaries = find_binaries()
    places.folder.mkdir(exist_ok=True)
    taken = ports_of_others(places)
    settings = Settings(
        defaults=defaults,
        postgres_port=choose(POSTGRES_PORT, taken),
        receiver_port=choose(RECEIVER_PORT, taken),
        bindir=binaries.bindir,
        socket_folder=cluster.choose_socket_folder(),
    )
    write_settings(places.settings, settings)
    write_functions(places.functions, default_functions())
    write_private(places.requests, "")
    say(f"made the stack {name!r} in {places.folder}, with the {defaults} default privileges")
    return settings
