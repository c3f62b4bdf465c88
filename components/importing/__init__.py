"""Catalogue entries from the jobs that a database has already: parsed by PostgreSQL's own grammar, never guessed."""
