"""The program of a stack: it declares the jobs of jobs.yaml."""

from pathlib import Path

from components.process import tune_process
from components.provider.sdk_internals import start_provider

tune_process()
start_provider()  # before all else: the engine starts it while the following is imported

from components.program import deploy

deploy(Path(__file__).parent)
