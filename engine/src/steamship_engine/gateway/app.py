"""The gateway: an ASGI callable that turns a request into a call of a package's method.

address -> who calls -> which instance -> may they -> the runtime -> the reply, streamed.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from steamship_engine.control import audit, identity, instances, schedule, worker_keys
from steamship_engine.control.actor import Actor
from steamship_engine.control.ground import Ground
from steamship_engine.control.instances import CallTarget
from steamship_engine.control.package_calls import PackageCall
from steamship_engine.control.schedule import Schedule
from steamship_engine.gateway import address, calls, hygiene, rights
from steamship_engine.gateway.inbound import ClientLeftError, Inbound
from steamship_engine.gateway.lookups import Lookups
from steamship_engine.gateway.replies import Replier
from steamship_engine.gateway.warm import READ, Decision, Warm
from steamship_engine.model.errors import (
    ForbiddenError,
    NotFoundError,
    PackageError,
    TooLargeError,
)
from steamship_engine.model.limits import GATEWAY
from steamship_engine.runtime.port import Reply, Request, RuntimePort

log = logging.getLogger("steamship_engine.gateway")

_TASK_HEADERS = ("x-task-background", "x-task-dependency", "x-task-run-after")

Accept = Callable[[Ground, Actor, CallTarget, PackageCall, Schedule, str], dict[str, Any]]
"""Puts a call into the queue and gives the `status` to answer with. Blocking."""


class Gateway:
    """Serves every address that is a package's."""

    def __init__(self, ground: Ground, runtime: RuntimePort, accept: Accept) -> None:
        """Listens to `ground.changes`, so that what it remembers is never older than a change."""
        self._ground = ground
        self._accept = accept
        self._runtime = runtime
        self._actors: Lookups[Actor] = Lookups()
        self._targets: Lookups[CallTarget] = Lookups()
        self._replier = Replier(ground.addresses)
        self.warm = Warm(ground, runtime, self._replier)
        ground.changes.listen(self._changed)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answer one HTTP request."""
        if scope["method"] == "OPTIONS":
            await self._replier.preflight(send)
            return
        inbound = Inbound(scope, receive)
        try:
            await self._answer(scope, inbound, send)
        except ClientLeftError as error:
            what = "it had the answer" if error.call_had_begun else "its request was complete"
            log.info("%s: the client left before %s", inbound.request_id, what)
        except Exception as error:
            audit.note(self._ground.refusals, error, inbound.caller, inbound.source, "invoke")
            failed = self._replier.failed(error, inbound.request_id)
            await self._replier.send(send, failed, head_only=inbound.head_only)

    async def _answer(self, scope: dict[str, Any], inbound: Inbound, send: Any) -> None:
        # The memory of before: a change that overtakes the decision drops it with the memory.
        memory = self.warm.memory
        host = hygiene.host_of(scope["headers"])
        where = address.parse(host, inbound.raw_path, inbound.headers, self._ground.addresses)
        inbound.check_length()
        actor, actor_until = await self._actor(inbound)
        inbound.caller = actor
        target, target_until = await self._target(where, actor)
        rights.check(actor, target, inbound.verb, where)
        rights.check_near(inbound.peer, actor, target)
        decision = Decision(actor, target, where.path, scope["path"], min(actor_until, target_until))
        self.warm.remember(memory, inbound.plain(), decision)
        if any(inbound.headers.get(name) for name in _TASK_HEADERS):
            when = schedule.requested(inbound.headers)
            if when is not None:
                status = await self._later(inbound, where.path, actor, target, when)
                await self._replier.send(send, self._replier.accepted(status, inbound.request_id))
                return
        await self._call(inbound, where.path, actor, target, send)

    async def _call(
        self, inbound: Inbound, path: str, actor: Actor | None, target: CallTarget, send: Any
    ) -> None:
        body = await inbound.whole_body() if inbound.is_small else None
        request = calls.request(
            self._ground,
            self._runtime,
            target,
            verb=inbound.verb,
            path=path,
            query=inbound.query,
            headers=inbound.for_package(),
            body=inbound.body() if body is None else READ,
            request_id=inbound.request_id,
            made_in=calls.made_in(self._runtime, actor, inbound.peer),
        )
        with calls.recorded(self._ground, target, request) as ending:
            try:
                reply = await inbound.unless_left(self._begun(target, request, body))
            except (PackageError, asyncio.CancelledError) as error:
                raise rights.told(error, actor, target) from None
            rights.readable(reply, actor, target)
            ending.status = reply.status
            await self._send(inbound, reply, send)

    def _begun(self, target: CallTarget, request: Request, body: bytes | None) -> asyncio.Future[Reply]:
        if body is None:
            return asyncio.ensure_future(self._runtime.invoke(target.spec, request))
        return self._runtime.begin(target.spec, request, body)

    async def _send(self, inbound: Inbound, reply: Reply, send: Any) -> None:
        if reply.whole is not None:
            answer = self._replier.whole(reply, reply.whole, inbound.request_id)
            await self._replier.send(send, answer, head_only=inbound.head_only)
            return
        sending = self._replier.stream(send, reply, inbound.request_id, head_only=inbound.head_only)
        await inbound.unless_left(asyncio.ensure_future(sending))

    async def _later(
        self, inbound: Inbound, path: str, actor: Actor | None, target: CallTarget, when: Schedule
    ) -> dict[str, Any]:
        """Have a task make the call. Tasks are their owners', so strangers cannot leave any behind."""
        if actor is None:
            raise rights.needs_key()
        if not rights.is_own(actor, target):
            raise ForbiddenError(
                "Only an instance's owner can have it called in the background.",
                suggestion="Call the method without the X-Task-* headers.",
            )
        body = bytearray()
        async for part in inbound.body():
            body += part
            if len(body) > GATEWAY.task:
                raise TooLargeError(
                    f"The body is larger than the {GATEWAY.task} bytes that a call in the background may have.",
                    suggestion="Send less, or upload a file and pass its id.",
                )
        call = PackageCall(inbound.verb, path, inbound.query, inbound.for_package(), bytes(body))
        actor = replace(actor, source=inbound.source)
        return await asyncio.to_thread(
            self._accept, self._ground, actor, target, call, when, inbound.request_id
        )

    async def _actor(self, inbound: Inbound) -> tuple[Actor | None, float]:
        """Who calls, and until when that is sure."""
        bearer = inbound.bearer()
        return (None, math.inf) if bearer is None else await self._holder(bearer)

    async def actor(self, bearer: str) -> Actor:
        """Whose key it is, remembered for a moment. Raises AuthenticationError."""
        return (await self._holder(bearer))[0]

    async def _holder(self, bearer: str) -> tuple[Actor, float]:
        if not bearer.startswith(worker_keys.PREFIX):
            return await self._actors.dated(bearer, partial(identity.authenticate, self._ground, bearer))
        # There is a worker key for each call, but one worker that holds them.
        claim = identity.claimed(self._ground, bearer)
        holder = replace(claim, calls=())
        actor, until = await self._actors.dated(holder, partial(identity.holder, self._ground, holder))
        return replace(actor, calls=claim.calls), until

    async def _target(self, where: address.Address, actor: Actor | None) -> tuple[CallTarget, float]:
        """What is called, and until when that is sure."""
        if where.owner is None and actor is not None:
            where = replace(where, owner=actor.user_handle)
        try:
            return await self._targets.dated(
                where.instance_key, partial(instances.call_target, self._ground, *where.instance_key)
            )
        except NotFoundError:
            # Without a key, what is private and what does not exist must look the same.
            if actor is None:
                raise rights.needs_key() from None
            raise

    def _changed(self, noun: str, _noun_id: str) -> None:
        if noun == "task":
            return
        self._actors.forget()
        if noun != "key":
            self._targets.forget()
        self.warm.forget()
