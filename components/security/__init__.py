"""The table of access, and the checks of ``cronctl doctor``."""
