"""Reads the data of ``cronctl report``."""
