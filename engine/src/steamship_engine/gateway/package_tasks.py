"""Tasks that call packages: the internal operation `package/instance/invoke`.

They run on the event loop, so that many can wait, for their instance or for other tasks.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from steamship_engine.control import instances, package_calls
from steamship_engine.control.actor import Actor
from steamship_engine.control.ground import Ground
from steamship_engine.control.instances import CallTarget, instance_not_found
from steamship_engine.control.package_calls import PackageCall
from steamship_engine.gateway import calls, rights
from steamship_engine.gateway.lookups import Lookups
from steamship_engine.model.errors import (
    PackageError,
    PackageReplyError,
    SteamshipError,
    UnavailableError,
)
from steamship_engine.model.limits import GATEWAY
from steamship_engine.model.nouns import Task
from steamship_engine.runtime.port import Reply, RuntimePort
from steamship_engine.tasks.outcome import Outcome

_SHOWN = 1_000


class PackageTasks:
    """Makes the calls of one engine's tasks."""

    def __init__(self, ground: Ground, runtime: RuntimePort) -> None:
        self._ground, self._runtime = ground, runtime
        self._targets: Lookups[CallTarget] = Lookups()
        ground.changes.listen(self._changed)

    async def __call__(self, task: Task, kept: Any) -> Outcome:
        """The reply's body as base64. Raises the package's failure, and PackageError for a status above 399."""
        actor = Actor.from_json(task.actor)
        instance_id, call = package_calls.read(kept)
        until = asyncio.get_running_loop().time() + GATEWAY.task_patience
        while True:
            target = await self._targets.get(
                instance_id, partial(instances.spec_of, self._ground, instance_id)
            )
            if target.owner_id != actor.user_id:
                raise instance_not_found(instance_id)
            try:
                return await self._made(task, actor, target, call)
            except UnavailableError as error:
                # The call has not begun.
                if asyncio.get_running_loop().time() > until:
                    raise
                await asyncio.sleep(error.retry_after_s)

    async def _made(self, task: Task, actor: Actor, target: CallTarget, call: PackageCall) -> Outcome:
        request = calls.request(
            self._ground,
            self._runtime,
            target,
            verb=call.verb,
            path=call.path,
            query=call.query,
            headers=call.headers,
            body=_once(call.body),
            request_id=task.request_id,
            made_in=actor.calls,
            awaited=False,
        )
        try:
            with calls.recorded(self._ground, target, request) as ending:
                reply = await self._runtime.invoke(target.spec, request)
                body = await _body(reply)
                ending.status = reply.status
        except PackageError as error:
            raise _told(rights.crash(error, actor, target)) from None
        if reply.error is not None:
            raise _told(rights.refusal(reply.error, actor, target))
        if reply.status >= 400:
            raise PackageError(target.redact(_words(reply.status, body)))
        return Outcome(base64.b64encode(body).decode(), is_json=False)

    def _changed(self, noun: str, _noun_id: str) -> None:
        if noun not in ("task", "key"):
            self._targets.forget()


def _told(refusal: rights.Refusal) -> SteamshipError:
    """What the task fails with: the error, its traceback with it."""
    error = refusal.error
    if isinstance(error, PackageError):
        error.details = refusal.details
    return error


async def _once(body: bytes) -> AsyncIterator[bytes]:
    if body:
        yield body


async def _body(reply: Reply) -> bytes:
    """The whole body. PackageReplyError for more than a task can keep."""
    body = bytearray()
    async for part in reply.body:
        body += part
        if len(body) > GATEWAY.task:
            raise PackageReplyError(
                f'The reply has more than the "{GATEWAY.task}" bytes that a task can keep.',
                suggestion="Store a file, and answer with its id.",
            )
    return bytes(body)


def _words(status: int, body: bytes) -> str:
    """What a reply with an error's status says."""
    text = body.decode("utf-8", "replace").strip()
    try:
        told = json.loads(text)["status"]["statusMessage"]
    except (ValueError, KeyError, TypeError, RecursionError):
        told = text
    told = told if isinstance(told, str) else text
    return f"The method answered with HTTP status {status}" + (f": {told[:_SHOWN]}" if told else ".")
