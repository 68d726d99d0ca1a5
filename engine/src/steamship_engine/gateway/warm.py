"""Warm calls: those on which the gateway has decided a moment ago, made again without waiting for anything.

`app.Gateway` decides: which method an address names, who calls it, whether they may. What it decided on a plain
request holds for others with the same `Plain.place`, as long as the answers that it was made from and never beyond
a change (`ground.changes`). Such a call needs no task: `recall` its head, `begin` it when its body is there,
`answer` when the future is done, and tell with `ended` that the answer was sent.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Hashable
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from steamship_engine.control import identity, logs, worker_keys
from steamship_engine.control.actor import Actor, Reach
from steamship_engine.control.ground import Ground
from steamship_engine.control.instances import CallTarget
from steamship_engine.control.worker_keys import Claim
from steamship_engine.gateway import calls, plain, rights
from steamship_engine.gateway.inbound import ClientLeftError, gone, unless_left
from steamship_engine.gateway.plain import Plain
from steamship_engine.gateway.replies import Answer, Replier
from steamship_engine.model.errors import AuthenticationError
from steamship_engine.model.limits import GATEWAY
from steamship_engine.runtime.port import Peer, Reply, Request, RuntimePort

_LONGEST = 2_000
"""Bytes of a place that is remembered."""
_AGAIN_S = GATEWAY.remember / 4
"""After this time one request is decided on anew, so that what that takes is asked for before it is forgotten."""

_BEARER, _WORKER = b"bearer ", worker_keys.PREFIX.encode()
_KEY = len(_BEARER)

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Decision:
    """What a place means: `path` is the method's, `shown` the address's, `until` a moment of `time.monotonic`."""

    actor: Actor | None
    target: CallTarget
    path: str
    shown: str
    until: float
    again: float = 0


class WarmCall(msgspec.Struct, eq=False):
    """A call from its head to its answer; `status` as `calls.Ending.status`, `started` by `time.perf_counter`."""

    decision: Decision
    actor: Actor | None
    head: Plain
    started: float
    request: Request | None = None
    status: int | None = 500


Memory = dict[tuple[Hashable, ...], Decision]


class Warm:
    """The decisions of one gateway, and the calls made by them."""

    def __init__(self, ground: Ground, runtime: RuntimePort, replier: Replier) -> None:
        self._ground, self._runtime, self._replier = ground, runtime, replier
        self.memory: Memory = {}
        self.lines = replier.lines

    def forget(self) -> None:
        """Drop every decision. Callable from any thread, when what they were made from has been dropped."""
        self.memory = {}

    def remember(self, memory: Memory, head: Plain | None, decision: Decision) -> None:
        """Keep a decision on the request with that head. `memory` was `self.memory` before it was made."""
        if head is None:
            return
        claim = self._claim(head)
        by_worker = decision.actor is not None and decision.actor.reach is Reach.WORKER
        if by_worker is not (claim is not None) or sum(map(len, head.place)) > _LONGEST:
            return
        place = _place(head, claim)
        if len(memory) >= GATEWAY.remembered and place not in memory:
            memory.pop(next(iter(memory)), None)
        decision.again = min(decision.until, time.monotonic() + _AGAIN_S)
        memory[place] = decision

    def recall(self, head: Plain) -> WarmCall | None:
        """The call that a request's head begins, if it was decided on; None where the gateway must decide."""
        claim = self._claim(head)
        decision = self.memory.get(_place(head, claim))
        if decision is None:
            return None
        if time.monotonic() >= decision.again:
            decision.again = decision.until
            return None
        actor = decision.actor
        if claim is not None and actor is not None:
            actor = replace(actor, calls=claim.calls)
        return WarmCall(decision, actor, head, time.perf_counter())

    def begin(self, call: WarmCall, body: bytes, peer: Peer | None) -> asyncio.Future[Reply]:
        """Make the call. Who cancels the future has left."""
        decision, head = call.decision, call.head
        call.request = calls.request(
            self._ground,
            self._runtime,
            decision.target,
            verb=head.verb,
            path=decision.path,
            query=head.query,
            headers=head.headers,
            body=READ,
            request_id=head.request_id,
            made_in=calls.made_in(self._runtime, call.actor, peer),
        )
        return self._runtime.begin(decision.target.spec, call.request, body)

    def answer(self, call: WarmCall, ended: asyncio.Future[Reply]) -> Answer | Reply:
        """The whole answer of a call that has ended, or the reply that is to be streamed."""
        actor, target, request_id = call.actor, call.decision.target, call.head.request_id
        try:
            reply = rights.readable(ended.result(), actor, target)
        except (Exception, asyncio.CancelledError) as error:
            told = rights.told(error, actor, target)
            call.status = calls.status_of(told)
            return self._replier.failed(told, request_id)
        call.status = reply.status
        return reply if reply.whole is None else self._replier.whole(reply, reply.whole, request_id)

    async def stream(self, call: WarmCall, reply: Reply, receive: Any, send: Any) -> None:
        """Send a reply in its parts, as an ASGI application does, as long as the client is there."""
        head = call.head
        sending = self._replier.stream(send, reply, head.request_id, head_only=head.is_head)
        try:
            await unless_left(asyncio.ensure_future(sending), gone(receive))
        except ClientLeftError:
            call.status = calls.LEFT
            _log.info("%s: the client left before it had the whole answer", head.request_id)

    def ended(self, call: WarmCall, elapsed_s: float) -> None:
        """The answer has been sent after that time, or nobody waits for it: keep a record of the call, if it was made."""
        if call.request is not None and call.status is not None:
            logs.keep_call(self._ground, call.decision.target, call.request, call.status, elapsed_s)

    def left(self, call: WarmCall) -> None:
        """The client has left before its request was complete, or before it had the answer."""
        call.status = calls.LEFT
        what = "its request was complete" if call.request is None else "it had the answer"
        _log.info("%s: the client left before %s", call.head.request_id, what)

    def _claim(self, head: Plain) -> Claim | None:
        """What the key claims if it is a good one of a worker, written as clients write it."""
        value = head.authorization
        if not value.startswith(_WORKER, _KEY) or value[:_KEY].lower() != _BEARER:
            return None
        try:
            return identity.claimed(self._ground, value[_KEY:].decode("latin-1"))
        except AuthenticationError:
            return None


def _place(head: Plain, claim: Claim | None) -> tuple[Hashable, ...]:
    """The head's place; there is a worker key for each call, so its holder stands for it."""
    place = head.place
    if claim is None:
        return place
    return (*place[: plain.KEY], replace(claim, calls=()), *place[plain.KEY + 1 :])


class _Read:
    """The body of a request that was handed over beside it."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        raise StopAsyncIteration


READ = _Read()
