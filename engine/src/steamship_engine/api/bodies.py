"""From a request's bytes to an operation's raw input: JSON read defensively, forms, queries."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from anyio import to_thread
from starlette.requests import Request

from steamship_engine.api.forms import read_form
from steamship_engine.api.operations import Operation, Upload
from steamship_engine.model.errors import InvalidRequestError, TooLargeError
from steamship_engine.model.limits import REQUEST, RequestLimits
from steamship_engine.model.strict_json import NotJsonError, read_json

_PARSED_IN_THREADS_FROM = 64 * 1024


@dataclass(frozen=True)
class RawInput:
    """What a request sent, not yet checked against the operation's input: JSON values, and the file part."""

    values: dict[str, Any]
    upload: Upload | None = None

    def discard(self) -> None:
        """Remove the uploaded file, if it is still where it was put."""
        if self.upload is not None:
            self.upload.path.unlink(missing_ok=True)


async def read(
    request: Request, operation: Operation, uploads: Path, limits: RequestLimits = REQUEST
) -> RawInput:
    """The raw input of a request; the caller discards it. Path fields win over those of body and query."""
    if request.method in ("GET", "HEAD"):
        return RawInput({**request.query_params, **request.path_params})
    kind = request.headers.get("content-type", "")
    if kind.lower().startswith("multipart/form-data"):
        if not operation.takes_file:
            raise InvalidRequestError(
                f'"{operation.path}" takes no multipart body.', suggestion="Send a JSON object."
            )
        own = replace(limits, upload=min(limits.upload, operation.largest_file))
        values, upload = await read_form(request.stream(), kind, uploads, own)
    else:
        body = await _whole(request.stream(), request.headers.get("content-length"), limits.json)
        parse = partial(json_object, body, limits.depth)
        values = parse() if len(body) < _PARSED_IN_THREADS_FROM else await to_thread.run_sync(parse)
        upload = None
    return RawInput({**values, **request.path_params}, upload)


async def _whole(stream: AsyncIterator[bytes], announced: str | None, most: int) -> bytes:
    if announced is not None and announced.isdecimal() and int(announced) > most:
        raise _too_large(most)
    body = bytearray()
    async for chunk in stream:
        body += chunk
        if len(body) > most:
            raise _too_large(most)
    return bytes(body)


def json_object(body: bytes, deepest: int) -> dict[str, Any]:
    """The JSON object that `body` holds, `{}` when it is empty.

    InvalidRequestError for bad UTF-8, NaN and infinities, duplicate keys, too deep or too long
    numbers, and for anything that is no object.
    """
    if not body.strip():
        return {}
    try:
        value = read_json(body, deepest)
    except NotJsonError as error:
        raise _not_json(str(error)) from None
    if not isinstance(value, dict):
        raise _not_json("it is no object")
    return value


def _not_json(why: str) -> InvalidRequestError:
    return InvalidRequestError(f"The body is not a JSON object: {why}.", suggestion="Send one JSON object.")


def _too_large(most: int) -> TooLargeError:
    return TooLargeError(
        f"The body is larger than {most} bytes.", suggestion="Send less, or upload the content as a file."
    )
