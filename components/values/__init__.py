"""Single values: their limits, and how people write and read them. Pure."""
