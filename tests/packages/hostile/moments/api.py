"""Attacks at every moment at which the author's code runs: what came of them is told later.

It is deployed with the folder `attacks` of the package of that name beside it, and with `given.json`: which attacks, and
what there is outside.
"""

import importlib.util
import json
import os
import sys

import attacks
from steamship.invocable import PackageService, post
from steamship.utils.kv_store import KeyValueStore

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "given.json")) as _file:
    ASKED = json.load(_file)


def outcomes():
    return {name: attacks.run(name, ASKED["given"]) for name in ASKED["attacks"]}


AT_IMPORT = outcomes()
LISTED = []


class Attacking(type):
    """A class that attacks when somebody asks what it has."""

    def __dir__(cls):
        if not LISTED:
            LISTED.append(outcomes())
        return super().__dir__()


class Moments(PackageService, metaclass=type("Meta", (Attacking, type(PackageService)), {})):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.constructed = outcomes()

    def instance_init(self):
        KeyValueStore(self.client, "moments").set("init", outcomes())

    @post("told")
    def told(self) -> dict:
        found = {
            "import": AT_IMPORT,
            "constructor": self.constructed,
            "instance_init": KeyValueStore(self.client, "moments").get("init"),
            "call": outcomes(),
        }
        dir(type(self))
        found["__dir__"] = LISTED[0]
        for name in ("starter", "sitecustomize", "usercustomize"):
            module = sys.modules.get(name)
            found[name] = getattr(module, "OUTCOMES", None)
        return found

    @post("started")
    def started(self) -> dict[str, bool]:
        """Of the requirement's start-up code that can be imported: whether it is the requirement's.

        A system's Python may have a `sitecustomize` of its own, which comes first.
        """
        found = {name: importlib.util.find_spec(name) for name in ("sitecustomize", "usercustomize")}
        return {name: spec.origin.startswith(sys.prefix) for name, spec in found.items() if spec}
