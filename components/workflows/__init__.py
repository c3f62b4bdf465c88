"""Scheduled GitHub Actions workflows read, and what the catalogue can say of them: nothing is run and nothing asked."""
