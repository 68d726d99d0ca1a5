"""Serving an instance without a worker."""

from __future__ import annotations

import json
from typing import Any

import pytest

from steamship.invocable.serving import Outcome, Serving

INSTANCE = {
    "id": "I1",
    "workspaceId": "W1",
    "workspaceHandle": "space",
    "context": {"userId": "U1", "invocableHandle": "painter", "invocableURL": "http://localhost:1/space/p/"},
    "bases": {
        "api": "http://localhost:1/api/v1/",
        "app": "http://localhost:1/",
        "web": "http://localhost:1/",
    },
}


class Instance:
    """One served instance; `post` and `get` give the outcome, `value` the decoded JSON of a POST."""

    def __init__(self, cls: type, config: dict[str, Any] | None = None) -> None:
        self.serving = Serving(cls, {**INSTANCE, "config": config or {}})

    def call(self, verb: str, path: str, arguments: dict[str, Any], **about: Any) -> Outcome:
        context = {"key": "K", "requestId": "R", "headers": {}, **about}
        untyped = set(arguments) if verb == "GET" else set()
        return self.serving.call(verb, path, arguments, untyped, context)

    def post(self, path: str, **arguments: Any) -> Outcome:
        return self.call("POST", path, arguments)

    def get(self, path: str, **arguments: Any) -> Outcome:
        return self.call("GET", path, arguments)

    def value(self, path: str, **arguments: Any) -> Any:
        outcome = self.post(path, **arguments)
        assert outcome.error is None, outcome.error
        return json.loads(self.whole(outcome))

    @staticmethod
    def whole(outcome: Outcome) -> bytes:
        """The body, put together where it comes in parts."""
        return outcome.body if outcome.parts is None else b"".join(outcome.parts)


@pytest.fixture
def serve() -> type[Instance]:
    return Instance
