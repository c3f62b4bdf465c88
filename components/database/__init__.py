"""The way to PostgreSQL: where it is, connections and transactions, and what is told where it fails."""
