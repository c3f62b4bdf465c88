"""Schedules in pg_cron's grammar: what they are, when they run, and what they mean in words."""
