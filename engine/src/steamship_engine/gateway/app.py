"""The gateway: an ASGI callable that turns a request into a call of a package's method.

address -> who calls -> which instance -> may they -> the runtime -> the reply, streamed.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from functools import partial
from typing import Any

from steamship_engine.control import identity, instances, worker_keys
from steamship_engine.control.actor import Actor
from steamship_engine.control.ground import Ground
from steamship_engine.control.instances import CallTarget
from steamship_engine.gateway import address, hygiene, rights
from steamship_engine.gateway.inbound import ClientLeftError, Inbound
from steamship_engine.gateway.lookups import Lookups
from steamship_engine.gateway.replies import Replier
from steamship_engine.model.errors import NotBuiltYetError, NotFoundError, PackageError, SteamshipError
from steamship_engine.model.limits import GATEWAY
from steamship_engine.runtime.port import Reply, Request, RuntimePort

log = logging.getLogger("steamship_engine.gateway")

_WORKER_KEY_RENEWED_S = 30 * 60
_BACKGROUND = ("x-task-background", "x-task-dependency", "x-task-run-after")


class Gateway:
    """Serves every address that is a package's."""

    def __init__(self, ground: Ground, runtime: RuntimePort) -> None:
        """Listens to `ground.changes`, so that what it remembers is never older than a change."""
        self._ground = ground
        self._runtime = runtime
        self._actors: Lookups[Actor] = Lookups()
        self._targets: Lookups[CallTarget] = Lookups()
        self._worker_keys: dict[str, tuple[float, str]] = {}
        self._replier = Replier(ground.addresses)
        ground.changes.listen(self._changed)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answer one HTTP request."""
        if scope["method"] == "OPTIONS":
            await self._replier.preflight(send)
            return
        inbound = Inbound(scope, receive)
        try:
            await self._answer(scope, inbound, send)
        except ClientLeftError:
            log.info("%s: the client left before its request was complete", inbound.request_id)
        except rights.Refusal as refusal:
            await self._replier.fail(send, refusal.error, inbound.request_id, refusal.details)
        except SteamshipError as error:
            await self._replier.fail(send, error, inbound.request_id)
        except Exception:
            log.exception("%s: the gateway failed", inbound.request_id)
            await self._replier.fail(send, SteamshipError("The engine failed."), inbound.request_id)

    async def _answer(self, scope: dict[str, Any], inbound: Inbound, send: Any) -> None:
        host = hygiene.host_of(scope["headers"])
        where = address.parse(host, inbound.raw_path, inbound.headers, self._ground.addresses)
        inbound.check_length()
        actor = await self._actor(inbound)
        target = await self._target(where, actor)
        rights.check(actor, target, inbound.verb, where)
        if any(inbound.headers.get(name) for name in _BACKGROUND):
            raise NotBuiltYetError(
                "This engine does not run calls to packages in the background yet.",
                suggestion="Call the method without the X-Task-* headers.",
            )
        reply = await self._invoke(inbound, where.path, actor, target)
        await self._replier.stream(send, reply, inbound)

    async def _invoke(self, inbound: Inbound, path: str, actor: Actor | None, target: CallTarget) -> Reply:
        request = Request(
            verb=inbound.verb,
            path=path,
            query=inbound.query,
            headers=inbound.for_package(),
            body=inbound.body(),
            key=self._worker_key(target),
            request_id=inbound.request_id,
            timeout_s=target.timeouts.get((inbound.verb, path)),
        )
        try:
            reply = await self._runtime.invoke(target.spec, request)
        except PackageError as error:
            raise rights.crash(error, actor, target) from None
        if reply.error is not None:
            raise rights.refusal(reply.error, actor, target)
        return reply

    async def _actor(self, inbound: Inbound) -> Actor | None:
        bearer = inbound.bearer()
        if bearer is None:
            return None
        return await self._actors.get(bearer, partial(identity.authenticate, self._ground, bearer))

    async def _target(self, where: address.Address, actor: Actor | None) -> CallTarget:
        if where.owner is None and actor is not None:
            where = replace(where, owner=actor.user_handle)
        try:
            return await self._targets.get(
                where.instance_key, partial(instances.call_target, self._ground, *where.instance_key)
            )
        except NotFoundError:
            # Without a key, what is private and what does not exist must look the same.
            if actor is None:
                raise rights.needs_key() from None
            raise

    def _worker_key(self, target: CallTarget) -> str:
        instance_id = target.spec.instance_id
        kept = self._worker_keys.get(instance_id)
        if kept is not None and kept[0] > time.monotonic():
            return kept[1]
        if len(self._worker_keys) >= GATEWAY.remembered:
            self._worker_keys.clear()
        key = worker_keys.mint(self._ground, target)
        self._worker_keys[instance_id] = (time.monotonic() + _WORKER_KEY_RENEWED_S, key)
        return key

    def _changed(self, noun: str, noun_id: str) -> None:
        if noun == "task":
            return
        self._actors.forget()
        if noun != "key":
            self._targets.forget()
            self._worker_keys.pop(noun_id, None)
