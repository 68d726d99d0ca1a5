"""Calls of packages that run later: as tasks keep them, and their way into the queue."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from steamship_engine.control import tasks
from steamship_engine.control.actor import Actor
from steamship_engine.control.ground import Ground
from steamship_engine.control.schedule import Schedule
from steamship_engine.model.nouns import Task
from steamship_engine.runtime.port import Headers

OPERATION = "package/instance/invoke"

_JSON: Headers = (("content-type", "application/json"),)
_NO_BODY = ("GET", "HEAD")


@dataclass(frozen=True)
class PackageCall:
    """One call of a method. `path` begins with a slash; `headers` are those that may reach a package."""

    verb: str
    path: str
    query: str = ""
    headers: Headers = ()
    body: bytes = field(default=b"", repr=False)


def of_arguments(verb: str, path: str, arguments: Mapping[str, Any]) -> PackageCall:
    """A call with arguments by name: JSON, or for a GET the query."""
    path = "/" + path.lstrip("/")
    if verb in _NO_BODY:
        texts = {name: _text(value) for name, value in arguments.items() if value is not None}
        return PackageCall(verb, path, query=urlencode(texts))
    return PackageCall(verb, path, headers=_JSON, body=json.dumps(dict(arguments)).encode())


def kept(instance_id: str, handle: str, call: PackageCall) -> dict[str, Any]:
    """The input of a task that makes this call of the instance."""
    return {
        "instanceHandle": handle,
        "instanceId": instance_id,
        "request": {
            "httpVerb": call.verb,
            "invocationPath": call.path,
            "query": call.query,
            "headers": [list(pair) for pair in call.headers],
            "body": base64.b64encode(call.body).decode(),
        },
    }


def kept_payload(instance_id: str, handle: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The same for a call as clients send it: `{httpVerb, invocationPath, arguments}`."""
    return {"instanceHandle": handle, "instanceId": instance_id, "payload": dict(payload)}


def read(input: Mapping[str, Any]) -> tuple[str, PackageCall]:
    """The instance's id and the call, of what a task kept."""
    instance_id = str(input["instanceId"])
    payload = input.get("payload")
    if payload is not None:
        verb, path = str(payload["httpVerb"]), str(payload["invocationPath"])
        return instance_id, of_arguments(verb, path, payload["arguments"])
    request = input["request"]
    return instance_id, PackageCall(
        verb=request["httpVerb"],
        path=request["invocationPath"],
        query=request["query"],
        headers=tuple((name, value) for name, value in request["headers"]),
        body=base64.b64decode(request["body"]),
    )


def submit(
    ground: Ground,
    actor: Actor,
    *,
    workspace_id: str,
    input: dict[str, Any],
    when: Schedule,
    request_id: str,
) -> Task:
    """A task, `waiting`, that makes a kept call in its instance's workspace. Blocking."""
    with ground.database.begin() as connection:
        return tasks.submit(
            ground,
            connection,
            actor,
            operation=OPERATION,
            input=input,
            request_id=request_id,
            workspace_id=workspace_id,
            depends_on=when.depends_on,
            run_after=when.run_after,
        )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
