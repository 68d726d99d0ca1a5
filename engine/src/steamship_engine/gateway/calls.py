"""What the runtime is asked, whoever asks it: the call's id, the calls around it, and its worker's key."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from steamship_engine.control import worker_keys
from steamship_engine.control.ground import Ground
from steamship_engine.control.instances import CallTarget
from steamship_engine.model.identifiers import new_call_id
from steamship_engine.runtime.port import Headers, Request, RuntimePort


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
