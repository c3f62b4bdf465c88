"""Access to PostgreSQL: conninfo, connections, transactions, and sentences for their failures."""
