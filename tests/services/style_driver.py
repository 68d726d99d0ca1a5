"""Serve a package's calls under the SDK that this interpreter has, the original's or ours.

Run with the package's folder as first argument; reads `{"config": {...}, "calls": [[verb, path,
arguments]]}` from stdin and writes, for each call, `[status, type, body or message]`. Runs on CPython
3.10 with nothing but the SDK.
"""

import base64
import importlib
import json
import logging
import os
import sys

CONTEXT = {
    "userId": "U1",
    "tenantId": "U1",
    "workspaceId": "W1",
    "workspaceHandle": "space",
    "invocableType": "package",
    "invocableHandle": "painter",
    "invocableInstanceHandle": "painter-1",
    "invocableURL": "http://localhost:1/space/painter-1/",
}
HEADERS = {"x-test": "value"}


def through_the_original(calls, config):
    handlers = importlib.import_module("steamship.invocable.lambda_handler")
    handler = handlers.create_safe_handler()
    for verb, path, arguments in calls:
        reply = handler(
            {
                "clientConfig": {
                    "apiKey": "K",
                    "apiBase": "http://localhost:1/api/v1/",
                    "appBase": "http://localhost:1/",
                    "webBase": "http://localhost:1/",
                    "workspaceId": "W1",
                    "workspaceHandle": "space",
                },
                "invocation": {
                    "httpVerb": verb,
                    "invocationPath": path,
                    "arguments": arguments,
                    "config": config,
                },
                "loggingConfig": {"loggingHost": "none", "loggingPort": "none"},
                "invocationContext": {**CONTEXT, "headers": HEADERS},
            }
        )
        status, http = reply["status"], reply["http"]
        if status["state"] == "failed":
            message = status["statusMessage"].replace(f"[ERROR - {verb} {path}] ", "")
            yield [http["status"], "error", message]
            continue
        kind, data = http["headers"]["Content-Type"], reply["data"]
        kind = getattr(kind, "value", kind)
        if http["base64Wrapped"]:
            yield [http["status"], kind, base64.b64decode(data).hex()]
        elif kind.startswith("text/"):
            yield [http["status"], kind, data if isinstance(data, str) else json.dumps(data)]
        else:
            yield [http["status"], kind, data]


def through_ours(calls, config):
    from steamship.invocable import serving

    instance = {
        "id": "I1",
        "workspaceId": "W1",
        "workspaceHandle": "space",
        "config": config,
        "context": CONTEXT,
        "bases": {
            "api": "http://localhost:1/api/v1/",
            "app": "http://localhost:1/",
            "web": "http://localhost:1/",
        },
    }
    served = serving.Serving(serving.find_class(importlib.import_module("api")), instance)
    for verb, path, arguments in calls:
        context = {"key": "K", "requestId": "R", "headers": HEADERS}
        outcome = served.call(verb, path, arguments, set(), context)
        if outcome.error is not None:
            yield [outcome.status, "error", outcome.error["message"]]
            continue
        kind = dict(outcome.headers)["content-type"].replace("; charset=utf-8", "")
        if kind.startswith("text/"):
            yield [outcome.status, kind, outcome.body.decode()]
        else:
            try:
                yield [outcome.status, kind, json.loads(outcome.body)]
            except ValueError:
                yield [outcome.status, kind, outcome.body.hex()]


def main():
    logging.disable(logging.CRITICAL)
    os.chdir(sys.argv[1])
    sys.path.insert(0, sys.argv[1])
    wanted = json.load(sys.stdin)
    served = through_the_original if sys.argv[2] == "original" else through_ours
    sys.stdout.write(json.dumps(list(served(wanted["calls"], wanted["config"]))))


if __name__ == "__main__":
    main()
