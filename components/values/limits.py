"""Limits of PostgreSQL, of HTTP servers and of Supabase's platform."""

NAME_BYTES = 63
"""PostgreSQL cuts names at 63 bytes (NAMEDATALEN - 1); pg_cron 1.4 cuts job names there too."""

VALUE_BYTES = 8192
"""Bytes of a header line at most: common HTTP servers refuse more (nginx and node allow 8 KiB for all lines)."""

PLATFORM_TIMEOUT = 150
"""Seconds until the first response after which Supabase answers 504 for an Edge Function."""

EARLY_DROP = 15
"""Seconds after which Edge Functions have been seen to end with ``Shutdown reason: EarlyDrop``."""

MAX_ARGUMENTS = 100
"""Arguments that PostgreSQL passes to a function (FUNC_MAX_ARGS), jsonb_build_object among them."""
