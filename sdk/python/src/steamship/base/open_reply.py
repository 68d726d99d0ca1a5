"""An answer that is being read from a connection."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

from steamship.base.transport import NoReplyError

_CHUNK = 256 * 1024


class OpenReply:
    """Status and headers are there, the body is still to come: all of it with `read`, or in chunks.

    `ended` is told at `close` whether the connection can take another request. `deadline` is of `time.monotonic`.
    """

    def __init__(
        self,
        response: http.client.HTTPResponse,
        connection: socket.socket,
        deadline: float | None,
        ended: Callable[[bool], None],
    ) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self._response, self._socket = response, connection
        self._deadline, self._ended = deadline, ended
        self._whole = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self) -> bytes:
        """The whole body. Raises NoReplyError."""
        with read_errors(self._deadline):
            if self._deadline is not None:
                return b"".join(self._chunks())
            self._check()
            body = self._response.read()
            self._whole = True
            return body

    def __iter__(self) -> Iterator[bytes]:
        """The body as it comes. Raises NoReplyError."""
        with read_errors(self._deadline):
            yield from self._chunks()

    def close(self) -> None:
        """Read no more of it."""
        # A response that ends its connection holds the socket by itself.
        self._response.close()
        ended, self._ended = self._ended, _nothing
        ended(self._whole and not self._response.will_close)

    def _check(self) -> None:
        if self._response.length is None and not self._response.chunked:
            # Headers that were cut off look just like this one's.
            raise http.client.HTTPException("the answer has no length, so it may not be whole")

    def _chunks(self) -> Iterator[bytes]:
        self._check()
        while chunk := self._response.read1(_CHUNK):
            yield chunk
            self._socket.settimeout(seconds_left(self._deadline))
        if self._response.length:
            raise http.client.IncompleteRead(b"", self._response.length)
        # Only `read` marks the end, after which the connection takes the next request.
        self._response.read()
        self._whole = True


@contextmanager
def read_errors(deadline: float | None) -> Iterator[None]:
    """What goes wrong on a connection is a NoReplyError."""
    try:
        yield
    except TimeoutError as error:
        raise NoReplyError("the time was up", timed_out=deadline is not None) from error
    except (OSError, http.client.HTTPException) as error:
        raise NoReplyError(reason(error)) from error


def seconds_left(deadline: float | None) -> float | None:
    """Seconds until `deadline`. Raises TimeoutError when it has passed."""
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def reason(error: Exception) -> str:
    """What went wrong, for a person."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _nothing(_: bool) -> None:
    return
