"""Schedules in pg_cron's grammar: reading them, their runs, and their meaning in words."""
