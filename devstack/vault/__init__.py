"""The stand-in of Supabase Vault: an SQL extension that encrypts with pgcrypto, and a root key in a file."""

from typing import Final

from devstack.extension_files import StandIn

VERSION: Final = "0.3.1-standin"
"""The extension's version, recognisable as not the real one's."""

STAND_IN: Final = StandIn("supabase_vault", VERSION, __name__)

KEY_FILE: Final = "supabase_vault.key"
"""The root key in the server's data folder, which the extension's SQL knows by this name: out of reach of every SQL
user who may not read the server's files, as a table or a setting would not be."""
