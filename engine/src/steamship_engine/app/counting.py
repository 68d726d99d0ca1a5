"""Counting and timing the requests that take the way through ASGI."""

from __future__ import annotations

import time
from collections.abc import MutableMapping
from typing import Any

from steamship_engine.app.front import DOOR, Door, Receive, Scope, Send
from steamship_engine.app.metrics import Metrics
from steamship_engine.gateway.calls import LEFT


def counted(front: Door, metrics: Metrics) -> Door:
    """The front with each answer counted, under the door that it came from; one that nobody waited for as 4xx."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        status = LEFT

        async def sending(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await front(scope, receive, sending)
        finally:
            metrics.observe(scope[DOOR], scope["method"], status, time.perf_counter() - started)

    return serve
