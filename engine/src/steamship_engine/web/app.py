"""The web door: which page a request is for, and what every page is sent with."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread

from steamship_engine.control import audit
from steamship_engine.control.ground import Ground
from steamship_engine.model.audit import Source, source_of
from steamship_engine.model.errors import (
    BusyError,
    MethodNotAllowedError,
    NotFoundError,
    SteamshipError,
)
from steamship_engine.model.identifiers import request_id
from steamship_engine.model.limits import LOGIN, LoginLimits
from steamship_engine.store.database import outage
from steamship_engine.web import client_login
from steamship_engine.web.pages import Page, failure
from steamship_engine.web.requests import Request, Scope, read_form

_log = logging.getLogger(__name__)
Result = TypeVar("Result")

PATHS = ("/account/client-login",)
"""The pages there are."""


class Web:
    """Serves the pages for people. An ASGI callable for HTTP."""

    def __init__(self, ground: Ground, limits: LoginLimits = LOGIN) -> None:
        self._ground = ground
        self._limits = limits
        self._threads = CapacityLimiter(limits.threads)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Answer one request with a page, whatever happens."""
        request = Request(scope)
        own = request_id(request.header("x-request-id"))
        source = source_of(scope, own)
        try:
            page = await self._page(request, receive, source)
        except SteamshipError as error:
            audit.note(self._ground.refusals, error, None, source, request.path.strip("/"))
            page = failure(error)
        except Exception as error:
            unusable = outage(error)
            if unusable is None:
                _log.exception("%s: %s %s failed", own, request.verb, scope["path"])
            page = failure(
                unusable
                or SteamshipError("The engine failed.", suggestion=f'Its log has more under "{own}".')
            )
        await _send(send, request.verb, page, own)

    async def _page(self, request: Request, receive: Any, source: Source) -> Page:
        if request.path not in PATHS:
            raise NotFoundError(
                "There is no such page.",
                suggestion="This engine has few pages yet; `ship --help` lists what the command line can do.",
            )
        if request.verb in ("GET", "HEAD"):
            return await self._thread(lambda: client_login.asked(self._ground, request.query))
        if request.verb == "POST":
            request.require_same_origin(self._ground.addresses.web)
            form = await read_form(request, receive, self._limits.form)
            return await self._thread(lambda: client_login.answered(self._ground, form, source))
        raise MethodNotAllowedError(
            f"This page does not take {request.verb}.", suggestion="Open it in a browser."
        )

    async def _thread(self, work: Callable[[], Result]) -> Result:
        """Run blocking work in one of few threads: trying keys on a page stays slow."""
        busy = self._threads.statistics()
        if busy.borrowed_tokens >= busy.total_tokens and busy.tasks_waiting >= self._limits.waiting:
            raise BusyError("The engine has too many requests at once.", suggestion="Try again in a second.")
        return await to_thread.run_sync(work, limiter=self._threads)


async def _send(send: Any, verb: str, page: Page, own_id: str) -> None:
    body = page.body.encode()
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"x-request-id", own_id.encode()),
        *page.headers,
    ]
    await send({"type": "http.response.start", "status": page.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if verb == "HEAD" else body})
