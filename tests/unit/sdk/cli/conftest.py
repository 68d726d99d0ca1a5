"""The `ship` command against an engine that is a function: what was sent, and what it answers."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from steamship.base.client import Client
from steamship.base.transport import HttpReply, HttpRequest
from steamship.cli import main

KEY = "key-" + "0" * 32
API_BASE = "http://engine.test/api/v1/"
USER = {"id": "U1", "handle": "ada"}


class FakeEngine:
    """Answers operations from `answers`: data, a failed status, or a function of the sent JSON."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []
        self.requests: list[HttpRequest] = []
        self.answers: dict[str, Any] = {"account/current": {"user": USER}}

    def send(self, request: HttpRequest) -> HttpReply:
        """As `Transport.send`."""
        self.requests.append(request)
        operation = request.url.removeprefix(API_BASE)
        body = request.body or b"{}"
        payload = json.loads(body) if body.startswith(b"{") else body
        self.sent.append((operation, payload))
        answer = self.answers[operation]
        if callable(answer):
            answer = answer(payload)
        if isinstance(answer, HttpReply):
            return answer
        if not isinstance(answer.get("status"), dict):
            answer = {"data": answer}
        failed = answer.get("status", {}).get("state") == "failed" and "taskId" not in answer["status"]
        headers = {"content-type": "application/json"}
        return HttpReply(
            answer["status"].get("http", 400) if failed else 200, headers, json.dumps(answer).encode()
        )

    def payload(self, operation: str) -> Any:
        """What the last call of an operation sent."""
        return [payload for name, payload in self.sent if name == operation][-1]

    def called(self) -> list[str]:
        """The operations, in order."""
        return [name for name, _ in self.sent]


def failed(message: str, code: str, suggestion: str | None = None, http: int = 400) -> dict[str, Any]:
    """A failed answer."""
    status = {"state": "failed", "statusMessage": message, "statusCode": code, "statusSuggestion": suggestion}
    return {"status": {**status, "http": http}}


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


Ship = Callable[..., Ran]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """The engine that every client reaches."""
    fake = FakeEngine()
    monkeypatch.setattr(Client, "transport", fake)
    return fake


@pytest.fixture
def ship(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Ship:
    """Run `ship` with a key in the environment; `stdin` is what is piped in."""
    monkeypatch.setenv("STEAMSHIP_API_KEY", KEY)
    monkeypatch.setenv("STEAMSHIP_API_BASE", API_BASE)

    def run(*arguments: str, stdin: str = "") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capfdbinary.readouterr()
        code = main.run(arguments)
        out, err = capfdbinary.readouterr()
        return Ran(code, out.decode("utf-8", "surrogateescape"), err.decode())

    return run
