"""Reads the run ledger, judges its health and explains failures."""
