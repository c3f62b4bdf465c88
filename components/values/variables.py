"""Variables of the environment."""

URL_VARIABLE = "SUPABASE_CRON_DATABASE_URL"
"""Overrides the configuration: refresh and destroy get theirs from the state, with the password of the last up."""
