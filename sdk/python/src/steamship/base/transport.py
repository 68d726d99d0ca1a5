"""The wire as a seam: one request in, one reply out. Tests put a function behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol


class HttpRequest(NamedTuple):
    """A whole request. `repeatable` says that sending it twice does what sending it once does.

    `timeout_s` is for the request as a whole, in seconds; None waits as long as the server does.
    """

    verb: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    timeout_s: float | None = None
    repeatable: bool = False

    def __repr__(self) -> str:
        # The headers hold the key.
        return f"HttpRequest({self.verb} {self.url.partition('?')[0]})"


class HttpReply(NamedTuple):
    """A whole answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        """The media type, in lower case and without its parameters; "" when there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class NoReplyError(Exception):
    """There was no whole answer; `timed_out` when the time was up, else `str()` says why."""

    def __init__(self, reason: str, *, timed_out: bool = False) -> None:
        super().__init__(reason)
        self.timed_out = timed_out


class ReplyBody(Protocol):
    """An answer whose body is still to come, in chunks; whoever opened it closes it."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Names in lower case."""
        ...

    def __iter__(self) -> Iterator[bytes]:
        """The body as it comes, once. Raises NoReplyError."""
        ...

    def close(self) -> None:
        """Read no more of it."""
        ...


class Transport(Protocol):
    """What the client needs of the network."""

    def open(self, request: HttpRequest) -> ReplyBody:
        """As `send`, before the body was read."""
        ...

    def send(self, request: HttpRequest) -> HttpReply:
        """The answer to `request`, of whatever status. Redirects are not followed. Raises NoReplyError."""
        ...
