"""Every call of a package, whoever asks for it: its id, the calls around it, its worker's key, and its record."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from steamship_engine.control import logs, worker_keys
from steamship_engine.control.actor import Actor
from steamship_engine.control.ground import Ground
from steamship_engine.control.instances import CallTarget
from steamship_engine.gateway.inbound import ClientLeftError
from steamship_engine.gateway.rights import Refusal
from steamship_engine.model.errors import SteamshipError, UnavailableError
from steamship_engine.model.identifiers import new_call_id
from steamship_engine.runtime.port import Headers, Peer, Request, RuntimePort

LEFT = 499
"""The status of a call whose caller has left: nobody read the whole answer."""


def request(
    ground: Ground,
    runtime: RuntimePort,
    target: CallTarget,
    *,
    verb: str,
    path: str,
    body: AsyncIterator[bytes],
    request_id: str,
    query: str = "",
    headers: Headers = (),
    made_in: Sequence[str] = (),
    awaited: bool = True,
) -> Request:
    """A call of the target's method, made in the calls `made_in` (`Actor.calls`), for which they wait if `awaited`."""
    call = new_call_id()
    above = runtime.living(made_in) if made_in else ()
    return Request(
        verb=verb,
        path=path,
        query=query,
        headers=headers,
        body=body,
        key=worker_keys.mint(ground, target, (*above, call)),
        request_id=request_id,
        timeout_s=target.timeouts.get((verb, path)),
        call=call,
        above=above,
        awaited=awaited,
    )


def made_in(runtime: RuntimePort, actor: Actor | None, peer: Peer | None) -> tuple[str, ...]:
    """The calls that may wait for a request: what its key says, or without a key who sent it."""
    if actor is not None:
        return actor.calls
    return () if peer is None else runtime.made_by(peer)


@dataclass
class Ending:
    """How a call ended: the HTTP status of its answer, 500 until it is known, or None where it was not made."""

    status: int | None = 500


def status_of(error: BaseException) -> int | None:
    """How a call ended that `error` ended, as `Ending.status`."""
    if isinstance(error, Refusal):
        return error.error.http_status
    if isinstance(error, ClientLeftError):
        return LEFT if error.call_had_begun else None
    if isinstance(error, UnavailableError):
        return None
    return error.http_status if isinstance(error, SteamshipError) else 500


@contextmanager
def recorded(ground: Ground, target: CallTarget, request: Request) -> Iterator[Ending]:
    """Keeps a record of the call that the block makes and whose answer it reads; errors set the status."""
    started = time.perf_counter()
    ending = Ending()
    try:
        yield ending
    except BaseException as error:
        ending.status = status_of(error)
        raise
    finally:
        if ending.status is not None:
            logs.keep_call(ground, target, request, ending.status, time.perf_counter() - started)
