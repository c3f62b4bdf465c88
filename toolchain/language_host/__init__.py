"""The language host: the process through which the engine runs programs written in Python.

The engine starts it as ``pulumi-language-python ENGINE_ADDRESS`` and talks gRPC with it (``pulumi/language.proto`` of
Pulumi's SDK). It is installed with an environment of its own (``requirements.txt``), so it works before the project
has one. Generating code (``pulumi package add``, ``pulumi convert``) is left to Pulumi's own release.
"""
