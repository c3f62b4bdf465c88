"""What single values may be, and how people write and read them. Pure."""
