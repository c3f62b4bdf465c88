"""The Pulumi engine for machines without it: found on PATH, or built once into a cache of the user.

``python -m toolchain ensure`` prints the folder to put on PATH.
"""
