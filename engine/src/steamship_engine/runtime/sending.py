"""Sending a call whose body is still arriving."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from steamship_engine.model.errors import InvalidRequestError, SteamshipError
from steamship_engine.runtime import frames
from steamship_engine.runtime.call import Call
from steamship_engine.runtime.channel import ChannelClosed
from steamship_engine.runtime.port import Reply
from steamship_engine.runtime.upload import Upload


async def send_rest(call: Call, upload: Upload, stall: float) -> Reply:
    """Once the call is on a worker, send it the rest of its body; its reply.

    The call is withdrawn when the caller leaves, or stops sending for `stall` seconds.
    """
    try:
        assert call.sent is not None, "its body is not complete"
        await call.sent
        more = True
        while more:
            call.rest(call.get_loop().time())
            part, more = await _next_part(upload, stall)
            worker = call.worker
            if worker is None:
                break
            call.resume()
            # A worker that has ended tells the call why.
            with suppress(ChannelClosed, SteamshipError):
                await worker.channel.send(frames.encode(frames.BodyPart(call.number, more), part))
    except BaseException:
        call.cancel()
        raise
    return await call


async def _next_part(upload: Upload, stall: float) -> tuple[bytes, bool]:
    try:
        async with asyncio.timeout(stall):
            return await upload.part()
    except TimeoutError:
        raise InvalidRequestError(
            f'The request\'s body stopped arriving for "{stall:g}" seconds.', suggestion="Send it again."
        ) from None
