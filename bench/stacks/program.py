"""The program of what this project is held against: the same resources, from a file, with another provider."""

import json
import os
from pathlib import Path

import providers  # type: ignore[import-not-found]  # beside this file in the bench's folder
import pulumi
from pulumi.dynamic import Resource

PROVIDER = {"floor": providers.Floor, "naive": providers.Naive}[os.environ["BENCH_PROVIDER"]]


class Object(Resource, module="bench", name="Object"):
    """One object of the file."""

    def __init__(self, name: str, props: dict[str, object], opts: pulumi.ResourceOptions) -> None:
        super().__init__(PROVIDER(), name, props, opts)


parent = pulumi.ComponentResource("bench:index:Objects", "objects")
made: dict[str, Object] = {}
for declared in json.loads(Path("resources.json").read_text(encoding="utf-8")):
    props = {key: pulumi.Output.secret(value) if key == "value" else value for key, value in declared["props"].items()}
    options = pulumi.ResourceOptions(parent=parent, depends_on=[made[name] for name in declared["after"]])
    made[declared["name"]] = Object(declared["name"], props, options)
