"""Keys that stand where everybody reads them: what they look like, and where they stand. Pure."""
