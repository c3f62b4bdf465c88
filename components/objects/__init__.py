"""Each kind of PostgreSQL object that a stack has: its inputs, how it is read and compared, and what mends it."""
