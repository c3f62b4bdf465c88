"""The data of a report on a stack's jobs."""
