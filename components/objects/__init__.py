"""The kinds of PostgreSQL objects of a stack: inputs, query, comparison and plan of each."""
