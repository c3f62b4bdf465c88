"""Variables of the environment."""

URL_VARIABLE = "SUPABASE_CRON_DATABASE_URL"
"""Comes before the configuration: refresh and destroy are configured from state, with the password of last time."""
