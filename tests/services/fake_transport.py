"""Transports for the SDK's client that never leave the process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from steamship import Steamship
from steamship.base.transport import HttpReply, HttpRequest

KEY = "key-of-the-tests-" + "k" * 32
API = "http://localhost:8080/api/v1/"
APP = "http://localhost:8080/"


def reply(
    content: Any = None, status: int = 200, content_type: str = "application/json", **headers: str
) -> HttpReply:
    """An answer with `content` as its body: bytes and text as they are for other types than JSON."""
    if content_type == "application/json":
        body = json.dumps(content).encode()
    else:
        body = content if isinstance(content, bytes) else str(content).encode()
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpReply(status, {**({"content-type": content_type} if content_type else {}), **names}, body)


def failure(code: str, message: str, status: int = 400, **more: Any) -> HttpReply:
    """A failed status as the engine sends it."""
    body = {"state": "failed", "statusCode": code, "statusMessage": message, **more}
    return reply({"status": body}, status)


class FakeBody:
    """An answer whose body is read in pieces of seven bytes; `closed` afterwards."""

    def __init__(self, transport: FakeTransport, whole: HttpReply) -> None:
        self.status, self.headers = whole.status, whole.headers
        self._transport, self._whole = transport, whole.body

    def __iter__(self) -> Iterator[bytes]:
        """The pieces."""
        for start in range(0, len(self._whole), 7):
            yield self._whole[start : start + 7]
        if self._transport.breaks is not None:
            raise self._transport.breaks

    def close(self) -> None:
        """Count it."""
        self._transport.closed += 1


class FakeTransport:
    """Answers from a list, or by a function, and keeps the requests."""

    def __init__(self, *replies: HttpReply | Exception | Callable[[HttpRequest], HttpReply]) -> None:
        self.requests: list[HttpRequest] = []
        self.breaks: Exception | None = None
        self.closed = 0
        self._replies = list(replies)

    def send(self, request: HttpRequest) -> HttpReply:
        """The next answer; the last one again and again."""
        self.requests.append(request)
        answer = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, HttpReply) else answer(request)

    def open(self, request: HttpRequest) -> FakeBody:
        """As `send`; the body comes in pieces of a few bytes, and then `breaks` if that was set."""
        return FakeBody(self, self.send(request))

    @property
    def paths(self) -> list[str]:
        """What was asked for, below the API base where that is where it lies."""
        return [request.url.removeprefix(API) for request in self.requests]

    @property
    def bodies(self) -> list[Any]:
        """The JSON of each request's body; None without one."""
        return [None if request.body is None else json.loads(request.body) for request in self.requests]

    @property
    def queries(self) -> list[dict[str, list[str]]]:
        """The query of each request."""
        return [parse_qs(urlsplit(r.url).query, keep_blank_values=True) for r in self.requests]


def client_with(transport: FakeTransport, workspace: Mapping[str, str] | None = None) -> Steamship:
    """A client in the workspace `W1`, "home", that has made no call."""
    where = {"workspace_id": "W1", "workspace_handle": "home", **(workspace or {})}
    client = Steamship.in_workspace(api_key=KEY, api_base=API, app_base=APP, web_base=APP, **where)
    client.transport = transport
    return client
