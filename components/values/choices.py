"""The words that the configuration, the state and the database share."""

from typing import Literal

DEFAULT_SCHEMA = "public"
"""Where the store and the ledger stand unless the stack's configuration says otherwise."""

ExtensionName = Literal["pg_cron", "pg_net", "supabase_vault"]
SecretFormat = Literal["url", "jwt", "api_key", "token"]
StoreKind = Literal["table", "vault"]
"""Where secrets' values are: in the table itself, or in Supabase Vault, encrypted, with a reference in the table."""
Redirects = Literal["refuse", "follow"]
OnRotated = Literal["keep", "restore", "fail"]
"""What ``up`` does about a value that was rotated in the database: keep it, put the configured one back, or fail."""

PLACEHOLDER = "placeholder"
"""How the value of a key begins that nobody has set: get_secret raises on it, so that nothing is sent without one."""


def is_placeholder(value: str) -> bool:
    """Whether a secret's value says that it is not set yet."""
    return value.strip().lower().startswith(PLACEHOLDER)
