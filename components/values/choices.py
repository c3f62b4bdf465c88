"""Words that the configuration, the state and the database share."""

from typing import Literal

DEFAULT_SCHEMA = "public"
"""The schema of the store and of the ledger, unless the stack's configuration names another."""

ExtensionName = Literal["pg_cron", "pg_net", "supabase_vault"]
SecretFormat = Literal["url", "jwt", "api_key", "token"]
StoreKind = Literal["table", "vault"]
"""The place of secrets' values: the table itself, or Supabase Vault, encrypted, with a reference in the table."""
Redirects = Literal["refuse", "follow"]
OnRotated = Literal["keep", "restore", "fail"]
"""The answer of ``up`` to a value that was rotated in the database: keep it, restore the configured one, or fail."""

PLACEHOLDER = "placeholder"
"""The beginning of a value that nobody has set yet: get_secret raises on it, so no request goes out without a key."""


def is_placeholder(value: str) -> bool:
    """Whether a secret's value is a placeholder, which nobody has set yet."""
    return value.strip().lower().startswith(PLACEHOLDER)
