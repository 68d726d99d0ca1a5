"""Frames on the engine's side; see ARCHITECTURE.md. Every byte from a worker is hostile."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Any

import msgspec

from steamship_engine.model.errors import PackageReplyError
from steamship_engine.model.limits import RuntimeLimits

LENGTHS = struct.Struct(">II")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,8192}")
_HEADERS = 100


class _ToWorker(msgspec.Struct, tag_field="type", rename="camel"):
    """A header that the engine sends."""


class Warm(_ToWorker, tag="warm", omit_defaults=True):
    """To a zygote: get ready to fork workers of the bundle in folder `code`; `share` whether to import it."""

    code: str
    kind: str
    share: bool
    handler: str | None = None


class Load(_ToWorker, tag="load", omit_defaults=True):
    """Import the bundle in folder `code`, an original by its `handler`; for an instance when there is one."""

    code: str
    kind: str
    handler: str | None = None
    instance: dict[str, Any] | None = None


class Describe(_ToWorker, tag="describe"):
    """Tell what the class is."""


class Call(_ToWorker, tag="call"):
    """Call a method."""

    id: int
    verb: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    key: str
    request_id: str
    more: bool


class BodyPart(_ToWorker, tag="body"):
    """The next part of a call's body."""

    id: int
    more: bool


class Withdraw(_ToWorker, tag="withdraw"):
    """Forget the call whose body is being sent: its caller has left."""

    id: int


class _FromWorker(msgspec.Struct, tag_field="type", rename="camel", forbid_unknown_fields=True):
    """A header that a worker sends."""


class Loaded(_FromWorker, tag="loaded"):
    """The import succeeded; so many calls it runs at once."""

    slots: int = 1


class Refused(_FromWorker, tag="refused"):
    """The import or the description failed."""

    code: str
    message: str
    details: str | None


class Described(_FromWorker, tag="description"):
    """The body is the JSON of a `DescriptionBody`."""


class Failure(msgspec.Struct, forbid_unknown_fields=True):
    """Why a call gave no result."""

    code: str
    message: str
    suggestion: str | None
    details: str | None
    deliberate: bool


class Replied(_FromWorker, tag="reply"):
    """The answer to a call; the body is its first part."""

    id: int
    status: int
    headers: tuple[tuple[str, str], ...]
    more: bool
    error: Failure | None


class ReplyPart(_FromWorker, tag="body"):
    """The next part of an answer's body."""

    id: int
    more: bool


class Log(_FromWorker, tag="log"):
    """A line that the package printed; `id` is the call's, 0 outside calls."""

    id: int
    level: str
    message: str


class DescriptionBody(msgspec.Struct, rename="camel"):
    """What `serving.describe` gave."""

    spec: dict[str, Any]
    config_template: dict[str, dict[str, Any]]
    schemas: dict[str, Any]
    needs_init: bool
    notes: tuple[str, ...] = ()


FromWorker = Loaded | Refused | Described | Replied | ReplyPart | Log

_encoder = msgspec.json.Encoder()
_headers: msgspec.json.Decoder[FromWorker] = msgspec.json.Decoder(FromWorker)
_descriptions = msgspec.json.Decoder(DescriptionBody)


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame from a worker."""

    header: FromWorker
    body: bytes


def encode(header: _ToWorker, body: bytes = b"") -> bytes:
    """The bytes of one frame."""
    packed = _encoder.encode(header)
    return LENGTHS.pack(len(packed), len(body)) + packed + body


def lengths(prefix: bytes | bytearray | memoryview, at: int, limits: RuntimeLimits) -> tuple[int, int]:
    """Header and body length of the frame that begins at `at`. Raises PackageReplyError when over a limit."""
    header, body = LENGTHS.unpack_from(prefix, at)
    if header > limits.frame_header or body > limits.frame_body:
        raise wrong_frame(f"a frame of {header} and {body} bytes")
    return header, body


def decode(header: bytes) -> FromWorker:
    """Parse a header strictly. Raises PackageReplyError."""
    try:
        parsed = _headers.decode(header)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise wrong_frame(f"a header that is none ({error})") from error
    if type(parsed) is Replied:
        _check_reply(parsed)
    return parsed


def decode_description(body: bytes) -> DescriptionBody:
    """Parse a description. Raises PackageReplyError."""
    try:
        return _descriptions.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise wrong_frame(f"a description that is none ({error})") from error


def wrong_frame(what: str) -> PackageReplyError:
    """The error for a worker that does not keep to the frames."""
    return PackageReplyError(
        f"The package's process sent {what}.", suggestion="Package code must not write to descriptor 3."
    )


def _check_reply(reply: Replied) -> None:
    if not 200 <= reply.status <= 599:
        raise wrong_frame(f'the status "{reply.status}"')
    if len(reply.headers) > _HEADERS:
        raise wrong_frame(f"{len(reply.headers)} headers")
    for name, value in reply.headers:
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise wrong_frame(f'the header "{name[:50]!r}"')
