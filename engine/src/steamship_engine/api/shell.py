"""The API door: one ASGI callable made from the table of operations.

request id -> who asks -> raw input -> checked input -> the operation, in a thread -> the envelope.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, Request, Response
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from steamship_engine.api import background, bodies, envelope, not_built, openapi
from steamship_engine.api.checking import checked
from steamship_engine.api.operations import Answer, Call, Operation, TaskAnswer, WaitForTask, Who
from steamship_engine.control import audit, identity
from steamship_engine.control.actor import Actor, Reach
from steamship_engine.control.ground import Ground
from steamship_engine.model import cors, identifiers
from steamship_engine.model.audit import source_of
from steamship_engine.model.errors import (
    AuthenticationError,
    BusyError,
    ForbiddenError,
    MethodNotAllowedError,
    NotFoundError,
    SteamshipError,
)
from steamship_engine.model.limits import REQUEST, RequestLimits
from steamship_engine.store.database import outage

PREFIX = "/api/v1/"

_CONDITIONS = ("if-none-match", "if-range", "range")
_log = logging.getLogger(__name__)

Result = TypeVar("Result")

Authenticate = Callable[[str], Awaitable[Actor]]
"""Whose key it is. Raises AuthenticationError."""


class Api:
    """Serves every path below `/api/v1/`. An ASGI callable for HTTP."""

    def __init__(
        self,
        ground: Ground,
        operations: Sequence[Operation],
        wait: WaitForTask,
        limits: RequestLimits = REQUEST,
        authenticate: Authenticate | None = None,
    ) -> None:
        """`wait` is what `Operation.settle` is handed; `authenticate` remembers keys, else each is looked up."""
        self._ground = ground
        self._wait = wait
        self._limits = limits
        self._threads = CapacityLimiter(limits.threads)
        self._uploads = CapacityLimiter(limits.uploads)
        self._authenticate = authenticate or self._looked_up
        self._routes: ASGIApp = self._routed(operations)

    def _routed(self, operations: Sequence[Operation]) -> FastAPI:
        routes = FastAPI(
            openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, title="Steamship"
        )
        document = openapi.document(operations)

        async def description() -> dict[str, Any]:
            return document

        routes.add_api_route(PREFIX + "openapi.json", description, methods=["GET"], include_in_schema=False)
        for operation in operations:
            routes.add_api_route(
                PREFIX + operation.path, self._endpoint(operation), methods=list(operation.verbs)
            )
        routes.add_exception_handler(HTTPException, _unrouted)
        routes.add_exception_handler(Exception, _surprised)
        return routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens, with the headers that every answer carries."""
        if scope["method"] == "OPTIONS":
            await send(
                {"type": "http.response.start", "status": 204, "headers": list(cors.PREFLIGHT_HEADERS)}
            )
            await send({"type": "http.response.body", "body": b""})
            return
        request_id = identifiers.request_id(Headers(scope=scope).get("x-request-id", ""))
        scope.setdefault("state", {})["request_id"] = request_id

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [(b"x-request-id", request_id.encode()), (b"x-content-type-options", b"nosniff")]
                message["headers"] = [*message["headers"], *own, *cors.REPLY_HEADERS]
            await send(message)

        try:
            await self._routes(scope, receive, sending)
        except ClientDisconnect:
            _log.info("%s: the client left before its request was complete", request_id)
        except Exception:
            # Answered by `_surprised`; it arrives here to be written down.
            _log.exception("%s: %s %s failed", request_id, scope["method"], scope["path"])

    def _endpoint(self, operation: Operation) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            request_id: str = request.state.request_id
            request.state.actor = None
            try:
                return await self._answer(operation, request, request_id)
            except SteamshipError as error:
                self._note(error, operation, request)
                return envelope.failed(error, request_id)
            except Exception as error:
                unusable = outage(error)
                if unusable is None:
                    raise
                _log.error("%s: %s: %s", request_id, operation.path, error)
                return envelope.failed(unusable, request_id)

        return endpoint

    async def _answer(self, operation: Operation, request: Request, request_id: str) -> Response:
        actor = await self._actor(operation, request)
        raw = await bodies.read(request, operation, self._ground.uploads, self._limits)
        try:
            call = Call(
                ground=self._ground,
                actor=actor,
                request_id=request_id,
                workspace_id=request.headers.get("x-workspace-id") or None,
                workspace_handle=request.headers.get("x-workspace-handle") or None,
                source=source_of(request.scope, request_id),
                accepts=frozenset(request.headers.get("x-steamship-accept", "").replace(",", " ").split()),
                upload=raw.upload,
                conditions={name: request.headers[name] for name in _CONDITIONS if name in request.headers},
            )
            wanted = checked(operation, raw.values)
            answer: Answer
            # A file's way to the blob store may be long; what needs the database alone is not to wait for it.
            threads = self._threads if raw.upload is None else self._uploads
            if operation.always_task or (operation.changes and background.is_wanted(request.headers)):
                status = await self._thread(
                    lambda: background.submit(call, operation, wanted, raw.values, request.headers), threads
                )
                answer = TaskAnswer(status)
            else:
                answer = await self._thread(lambda: operation.run(call, wanted), threads)
                if operation.settle is not None:
                    answer = await operation.settle(call, wanted, answer, self._wait)
            return envelope.answered(operation, answer)
        finally:
            raw.discard()

    async def _actor(self, operation: Operation, request: Request) -> Actor | None:
        scheme, _, bearer = request.headers.get("authorization", "").strip().partition(" ")
        key = bearer.strip() if scheme.lower() == "bearer" else ""
        if operation.who is Who.ANYONE and not key:
            return None
        try:
            actor = await self._authenticate(key)
        except AuthenticationError as error:
            if operation.who is Who.ANYONE:
                self._note(error, operation, request)
                return None
            raise
        actor = replace(actor, source=source_of(request.scope, request.state.request_id))
        request.state.actor = actor
        return _admitted(operation, actor)

    def _note(self, error: SteamshipError, operation: Operation, request: Request) -> None:
        source = source_of(request.scope, request.state.request_id)
        audit.note(self._ground.refusals, error, request.state.actor, source, operation.path)

    async def _looked_up(self, key: str) -> Actor:
        return await self._thread(lambda: identity.authenticate(self._ground, key), self._threads)

    async def _thread(self, work: Callable[[], Result], threads: CapacityLimiter) -> Result:
        """Run blocking work in one of a bounded number of threads."""
        busy = threads.statistics()
        if busy.borrowed_tokens >= busy.total_tokens and busy.tasks_waiting >= self._limits.waiting:
            raise BusyError("The engine has too many requests at once.", suggestion="Try again in a second.")
        return await to_thread.run_sync(work, limiter=threads)


def _admitted(operation: Operation, actor: Actor) -> Actor | None:
    """The actor, if a key of its reach may call the operation at all."""
    if operation.who is Who.USER:
        actor.require_user(f'call "{operation.path}"')
    if actor.reach is Reach.INSTANCE and not operation.instance_keys:
        if operation.who is Who.ANYONE:
            return None
        raise ForbiddenError(
            f'A key for one instance cannot call "{operation.path}".',
            suggestion="Use a key for the workspace, or the user's own.",
        )
    return actor


async def _unrouted(request: Request, error: Exception) -> Response:
    """Paths and verbs that no operation has."""
    request_id: str = request.state.request_id
    path = request.url.path.removeprefix(PREFIX)
    if isinstance(error, HTTPException) and error.status_code == 405:
        verbs = (error.headers or {}).get("Allow", "POST")
        allowed = ", ".join(sorted(verb.strip() for verb in verbs.split(",")))
        refusal = MethodNotAllowedError(
            f'"{path[:200]}" does not take {request.method}.', suggestion=f"Use {allowed}."
        )
        response = envelope.failed(refusal, request_id)
        response.headers["allow"] = allowed
        return response
    unbuilt = not_built.refusal(path)
    if unbuilt is not None:
        return envelope.failed(unbuilt, request_id)
    unknown = NotFoundError(
        f'The API has no operation "{path[:200]}".', suggestion=f"{PREFIX}openapi.json lists all."
    )
    return envelope.failed(unknown, request_id)


async def _surprised(request: Request, _error: Exception) -> Response:
    request_id: str = request.state.request_id
    return envelope.failed(
        SteamshipError(
            "The engine failed.", suggestion=f'Look for the request id "{request_id}" in the engine\'s log.'
        ),
        request_id,
    )
