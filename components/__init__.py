"""What the program and each provider are made of: processes that start for every operation, and end with it.

So what counts is how they start and how they end (bench/startup.py).
"""

import atexit
import gc
import os

atexit.register(gc.freeze)  # nobody gains from what a process frees at its end, which takes 50 ms
gc.set_threshold(100_000)  # what an import makes stays: looking through it ten times finds no garbage
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # looks for plugins in every installed package's metadata
