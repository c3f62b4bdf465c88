"""Keys in places where everybody reads them: their forms and their places. Pure."""
