"""What the program and each provider are made of: processes that start for every operation, and end with it.

So what counts is the start, which both settings below shorten, by a fifth in measurements (bench/startup.py).
"""

import gc
import os

gc.set_threshold(100_000)  # what an import makes stays: looking through it ten times finds no garbage
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # looks for plugins in every installed package's metadata
