"""The front: which part of the engine a request is for (package headers, hosts, paths).

The name of the door that a request was led to stands in its scope under `DOOR`, for those who count and time requests.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from steamship_engine.app.metrics import CONTENT_TYPE
from steamship_engine.control.addresses import Addresses, is_loopback
from steamship_engine.gateway import address, hygiene
from steamship_engine.model import cors
from steamship_engine.model.audit import Source, source_of
from steamship_engine.model.errors import (
    AuthenticationError,
    MethodNotAllowedError,
    MisdirectedError,
    NotFoundError,
    SteamshipError,
    UnavailableError,
    wire_status,
)
from steamship_engine.model.identifiers import request_id
from steamship_engine.model.reserved import ENGINE_PATHS, HEALTH_PATHS, METRICS_PATH, PACKAGE_HEADERS
from steamship_engine.runtime.port import Caller
from steamship_engine.web.app import PATHS as WEB_PATHS

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Door = Callable[[Any, Any, Any], Awaitable[None]]

DOOR = "steamship.door"
"""Where a scope tells its door: `api`, `gateway`, `web`, `health`, `metrics`, or `front` for what no door answers."""

Note = Callable[[SteamshipError, Source], None]
"""Is told of what the front itself refuses, and from where it was asked."""

Admit = Callable[[Caller, str, Iterable[tuple[bytes, bytes]]], None]
"""Raises SteamshipError for a request of a worker's that may not go to the door of that name."""

Scrape = Callable[[Scope], Awaitable[bytes]]
"""The body for a request to `/metrics`; SteamshipError for one that may not have it."""

_NOT_KEPT = (b"cache-control", b"no-store")
_PACKAGE_HEADERS = frozenset(name.encode() for name in PACKAGE_HEADERS)


class Front:
    """An ASGI callable for HTTP that hands each request to the API, the gateway or the pages, or refuses it."""

    def __init__(
        self,
        addresses: Addresses,
        *,
        api: Door,
        gateway: Door,
        web: Door,
        scrape: Scrape,
        is_ready: Callable[[], bool],
        sandbox: str = "none",
        note: Note | None = None,
        admit: Admit | None = None,
    ) -> None:
        """`is_ready` is what `/readyz` says, with the mode of the sandbox; `admit` is asked about what workers send within networks of their own."""
        self._addresses = addresses
        self._doors: dict[str, Door] = {
            "api": api,
            "gateway": gateway,
            "web": web,
            "health": self._health,
            "metrics": self._metrics,
        }
        self._scrape = scrape
        self._is_ready, self._sandbox = is_ready, sandbox
        self._note, self._admit = note, admit
        self._loopback = any(is_loopback(host) for host in addresses.hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        scope[DOOR] = "front"
        try:
            name = self._door(scope)
            caller = scope.get("client")
            if isinstance(caller, Caller) and self._admit is not None:
                self._admit(caller, name, scope["headers"])
        except SteamshipError as error:
            await self._refuse(scope, send, error)
            return
        scope[DOOR] = name
        await self._doors[name](scope, receive, send)

    def _door(self, scope: Scope) -> str:
        if scope["path"] in HEALTH_PATHS:
            return "health"
        host = hygiene.host_of(scope["headers"])
        of_a_user = address.owner_label(host, self._addresses) is not None
        for_a_package = of_a_user or any(name in _PACKAGE_HEADERS for name, _ in scope["headers"])
        if scope["path"] == METRICS_PATH and not for_a_package:
            return "metrics"
        if not of_a_user and not self._is_known(host):
            raise MisdirectedError(
                f'"{host}" is not a name of this engine.',
                suggestion="Use one of the engine's addresses; --api-base, --app-base and --web-base set them.",
            )
        if for_a_package:
            return "gateway"
        segment, _, rest = scope["path"].lstrip("/").partition("/")
        if segment not in ENGINE_PATHS:
            return "gateway"
        if segment == "api" and rest.startswith("v1/"):
            return "api"
        # Pages are on the web base's host alone: elsewhere a package's page may be of the same origin.
        if scope["path"] in WEB_PATHS and self._is_web(host):
            return "web"
        raise NotFoundError(
            f'There is nothing at "{scope["path"][:200]}".',
            suggestion="The API is below /api/v1/.",
        )

    def _is_web(self, host: str) -> bool:
        own = self._addresses.web_host
        return host == own or (is_loopback(own) and is_loopback(host))

    def _is_known(self, host: str) -> bool:
        return host in self._addresses.hosts or (self._loopback and is_loopback(host))

    async def _metrics(self, scope: Scope, _receive: Receive, send: Send) -> None:
        try:
            text = await self._scrape(scope)
        except SteamshipError as error:
            await self._refuse(scope, send, error)
            return
        body = b"" if scope["method"] == "HEAD" else text
        await _send(send, 200, body, [(b"content-type", CONTENT_TYPE.encode()), _NOT_KEPT])

    async def _health(self, scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["path"] != "/livez" and not self._is_ready():
            await self._refuse(
                scope,
                send,
                UnavailableError("The engine is starting or stopping.", suggestion="Try again in a second."),
            )
            return
        said = f"ok\nsandbox: {self._sandbox}\n" if scope["path"] == "/readyz" else "ok\n"
        body = b"" if scope["method"] == "HEAD" else said.encode()
        await _send(send, 200, body, [(b"content-type", b"text/plain"), _NOT_KEPT])

    async def _refuse(self, scope: Scope, send: Send, error: SteamshipError) -> None:
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        own = request_id(given.decode("latin-1"))
        if self._note is not None:
            self._note(error, source_of(scope, own))
        await _failed(send, error, own)


async def _failed(send: Send, error: SteamshipError, own: str) -> None:
    body = json.dumps({"status": wire_status(error, request_id=own)}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"x-request-id", own.encode()),
        *cors.REPLY_HEADERS,
    ]
    if isinstance(error, UnavailableError):
        headers.append((b"retry-after", str(error.retry_after_s).encode()))
    if isinstance(error, AuthenticationError):
        headers.append((b"www-authenticate", b"Bearer"))
    if isinstance(error, MethodNotAllowedError):
        headers.append((b"allow", b"GET, HEAD"))
    await _send(send, error.http_status, body, headers)


async def _send(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    own = [(b"content-length", str(len(body)).encode()), (b"x-content-type-options", b"nosniff")]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *own]})
    await send({"type": "http.response.body", "body": body})
