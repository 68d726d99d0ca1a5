"""The least a process can do for a package: start, import its class, answer one call over a pipe.

`python exec_once.py FOLDER`: reads one JSON line with `name` from stdin, prints what `greet` returns.
Run by the interpreter of the version's environment; what a new process per instance would cost.
"""

import json
import sys
from importlib import import_module

from steamship.invocable.serving import Serving, find_class

sys.path.insert(0, sys.argv[1])
serving = Serving(
    find_class(import_module("api")),
    {
        "id": "an-instance",
        "handle": "an-instance",
        "workspaceId": "a-workspace",
        "workspaceHandle": "a-workspace",
        "config": {},
        "context": {},
        "bases": {"api": "http://127.0.0.1/api/v1/", "app": "http://127.0.0.1/", "web": "http://127.0.0.1/"},
    },
)
arguments = json.loads(sys.stdin.readline())
call = {"key": "", "requestId": "a-request", "headers": []}
outcome = serving.call("POST", "/greet", arguments, set(), call)
sys.stdout.write(f"{outcome.body.decode()}\n")
sys.stdout.flush()
