"""The HTTP server's protocol, with bounds on a request's head: its address and headers."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from steamship_engine.model.limits import GATEWAY


class BoundedHeads(HttpToolsProtocol):
    """uvicorn's, which by itself reads heads of any size and waits for their end for ever.

    A head that is too large is answered with 400, one that does not end in time with nothing; both close
    the connection. Bodies are bounded by who reads them.
    """

    most = GATEWAY.head
    within_s = GATEWAY.head_s

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_head = True
        self._head_size = self._chunk = 0
        self._begun_here = False
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Asyncio's: a client is there, and its first head is awaited."""
        super().connection_made(transport)
        self._await_end()

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio's: the client has left."""
        self._forget_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Asyncio's: bytes of the client."""
        self._chunk = len(data)
        self._begun_here = False
        if self._in_head:
            self._head_size += self._chunk
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            return
        if self._head_size > self.most:
            self._refuse()
        elif self._head_size and self._deadline is None:
            self._await_end()

    def on_headers_complete(self) -> None:
        """The parser's: a head has ended."""
        self._end_head()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The parser's: a request has ended, and another one may come."""
        self._in_head = True
        super().on_message_complete()

    def _refuse(self) -> None:
        self._forget_deadline()
        if self.cycle is None or self.cycle.response_complete:  # type: ignore[redundant-expr]  # None at first
            self.send_400_response(f"The request's address and headers are larger than {self.most} bytes.")
        else:
            # An answer to the request before is on its way: nothing may be written into it.
            self.transport.close()

    def _end_head(self) -> None:
        self._in_head, self._head_size = False, 0
        self._forget_deadline()

    def _await_end(self) -> None:
        self._deadline = self.loop.call_later(self.within_s, self.transport.close)

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
