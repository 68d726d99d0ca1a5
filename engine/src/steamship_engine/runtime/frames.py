"""Frames on the engine's side; see ARCHITECTURE.md. Every byte from a worker is hostile."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from steamship_engine.model.errors import PackageReplyError
from steamship_engine.model.limits import RuntimeLimits
from steamship_engine.runtime.recipe import Step

LENGTHS = struct.Struct(">II")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,8192}")
_HEADERS = 100
_REMEMBERED, _REMEMBERED_SIZE = 1_000, 500
_known: dict[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]] = {}


class _ToWorker(msgspec.Struct, tag_field="type", rename="camel"):
    """A header that the engine sends."""


class Warm(_ToWorker, tag="warm", omit_defaults=True):
    """To a zygote: get ready to fork workers of the bundle in folder `code`; `share` whether to import it."""

    code: str
    kind: str
    share: bool
    handler: str | None = None


class Load(_ToWorker, tag="load"):
    """Import the bundle in folder `code`, an original by its `handler`; for an instance when there is one.

    `concurrency` is how many calls to run at once; None leaves it to the class.
    """

    code: str
    kind: str
    handler: str | None = None
    concurrency: int | None = None
    instance: dict[str, Any] | None = None


class Describe(_ToWorker, tag="describe"):
    """Tell what the class is."""


class Try(_ToWorker, tag="try"):
    """Try what a sandbox must prevent, see `child/trials`; to a worker that is nobody's."""

    secrets: tuple[str, ...]
    places: tuple[str, ...]
    strangers: tuple[int, ...]
    closed: tuple[tuple[str, str, int], ...]
    open: tuple[int, ...]


class Build(_ToWorker, tag="build"):
    """Take the steps and send what lies in `folder` then, see `child/building`; to a worker that is nobody's.

    `environment` is that of every step's command.
    """

    steps: tuple[Step, ...]
    folder: str
    environment: dict[str, str]


class Call(_ToWorker, tag="call", array_like=True):
    """Call a method. It goes as a list of the tag and the fields, in this order."""

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


class Take(_ToWorker, tag="take"):
    """One more part of that reply may be sent."""

    id: int


class Withdraw(_ToWorker, tag="withdraw"):
    """Nobody waits for the call any more."""

    id: int


class _FromWorker(msgspec.Struct, tag_field="type", rename="camel", forbid_unknown_fields=True):
    """A header that a worker sends."""


class Loaded(_FromWorker, tag="loaded"):
    """The import succeeded; the worker runs so many calls at once."""

    slots: int = 1


class Refused(_FromWorker, tag="refused"):
    """The import or the description failed."""

    code: str
    message: str
    details: str | None


class Tried(_FromWorker, tag="tried"):
    """What is wrong with the worker's sandbox, in clauses."""

    problems: tuple[str, ...]


class FilePart(_FromWorker, tag="file"):
    """The body is a part of the file at `path` in the folder that was built. `modified` is seconds since 1970."""

    path: str
    executable: bool
    modified: Annotated[int, msgspec.Meta(ge=0, lt=1 << 32)]
    more: bool


class Built(_FromWorker, tag="built"):
    """All files were sent; or why there are none: what the step's command said last."""

    failed: str | None = None


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
    """The answer to a call; the body is its first part. `took` is how many microseconds the method ran."""

    id: int
    status: int
    headers: tuple[tuple[str, str], ...]
    more: bool
    error: Failure | None
    took: Annotated[int, msgspec.Meta(ge=0)] = 1_000_000


class ReplyPart(_FromWorker, tag="body"):
    """The next part of an answer's body."""

    id: int
    more: bool


class Withdrawn(_FromWorker, tag="withdrawn"):
    """The call ended without its reply, or without the rest of it."""

    id: int


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


FromWorker = Loaded | Refused | Tried | FilePart | Built | Described | Replied | ReplyPart | Withdrawn | Log

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
    """Parse a header strictly; the names of a reply's own headers come in lower case. Raises PackageReplyError."""
    try:
        parsed = _headers.decode(header)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise wrong_frame(f"a header that is none ({_words(error)})") from error
    if type(parsed) is Replied:
        if not 200 <= parsed.status <= 599:
            raise wrong_frame(f'the status "{parsed.status}"')
        parsed.headers = _known.get(parsed.headers) or checked(parsed.headers)
    return parsed


def decode_description(body: bytes) -> DescriptionBody:
    """Parse a description. Raises PackageReplyError."""
    try:
        return _descriptions.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise wrong_frame(f"a description that is none ({_words(error)})") from error


def wrong_frame(what: str) -> PackageReplyError:
    """The error for a worker that does not keep to the frames."""
    return PackageReplyError(
        f"The package's process sent {what}.", suggestion="Package code must not write to descriptor 3."
    )


def _words(error: BaseException) -> str:
    """What is wrong, without all of what was sent."""
    return str(error)[:200]


def checked(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """A reply's headers, with their names in lower case. Raises PackageReplyError for what is none.

    Most replies have the headers of the one before: those that were checked are remembered.
    """
    if len(headers) > _HEADERS:
        raise wrong_frame(f"{len(headers)} headers")
    for name, value in headers:
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise wrong_frame(f'the header "{name[:50]!r}"')
    lowered = tuple((name.lower(), value) for name, value in headers)
    if sum(len(value) for _, value in headers) <= _REMEMBERED_SIZE:
        if len(_known) >= _REMEMBERED:
            _known.clear()
        _known[headers] = lowered
    return lowered
