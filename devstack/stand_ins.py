"""The extensions of Supabase that have a stand-in here, used only where the server lacks them."""

from collections.abc import Callable
from typing import Final

from devstack import pg_net, vault
from devstack.binaries import Binaries
from devstack.errors import PackagesMissing
from devstack.extension_files import StandIn

STAND_INS: Final[tuple[StandIn, ...]] = (pg_net.STAND_IN, vault.STAND_IN)


def install_missing(binaries: Binaries, say: Callable[[str], None]) -> None:
    """Copies the files of each stand-in that the server needs and does not have as they are here.

    Raises:
        PackagesMissing: the server's folder is not ours to write, or it has half of a real extension.
    """
    for stand_in in STAND_INS:
        if stand_in.is_half_real(binaries):
            raise PackagesMissing(
                f"{binaries.library_folder} has {stand_in.name}.so, but {binaries.extension_folder} lacks the control "
                f"file that belongs to it; install {stand_in.name} there once more, or remove its library"
            )
        if not stand_in.is_real(binaries) and stand_in.install(binaries):
            say(f"copied the {stand_in.name} stand-in's extension files to {binaries.extension_folder}")


def described(binaries: Binaries) -> list[str]:
    """Each by its name, and as a stand-in where it is one."""
    return [each.name if each.is_real(binaries) else f"the {each.name} stand-in" for each in STAND_INS]
