"""One line a request: verb, path without its query, status, milliseconds, request id."""

from __future__ import annotations

import logging
import time
from collections.abc import MutableMapping
from typing import Any

from steamship_engine.app.front import Door, Receive, Scope, Send

_log = logging.getLogger("steamship_engine.access")


def logged(door: Door) -> Door:
    """The same door, with a line in the log for every answer. Health checks go unmentioned."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in ("/livez", "/readyz", "/healthz") or not _log.isEnabledFor(logging.INFO):
            await door(scope, receive, send)
            return
        started = time.perf_counter()
        status, request_id = 0, "-"

        async def sending(message: MutableMapping[str, Any]) -> None:
            nonlocal status, request_id
            if message["type"] == "http.response.start":
                status = message["status"]
                request_id = next(
                    (
                        value.decode("latin-1")
                        for name, value in message["headers"]
                        if name == b"x-request-id"
                    ),
                    "-",
                )
            await send(message)

        try:
            await door(scope, receive, sending)
        finally:
            took_ms = (time.perf_counter() - started) * 1000
            path = scope["path"][:500].encode("unicode_escape").decode()
            _log.info("%s %s %d %.1fms %s", scope["method"], path, status, took_ms, request_id)

    return serve
