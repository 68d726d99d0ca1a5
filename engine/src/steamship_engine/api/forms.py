"""Multipart bodies (docs/reference/protocol.md#forms): fields decided by name, nested names, one streamed file part."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from anyio import to_thread
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from steamship_engine.api.nesting import nested
from steamship_engine.api.operations import Upload
from steamship_engine.model.errors import InvalidRequestError, TooLargeError
from steamship_engine.model.limits import REQUEST, RequestLimits

FILE_PART = "file"
_FLUSHED_AT = 1024 * 1024


async def read_form(
    stream: AsyncIterator[bytes], content_type: str, folder: Path, limits: RequestLimits = REQUEST
) -> tuple[dict[str, Any], Upload | None]:
    """The fields as JSON values and the file part, written to `folder` while it is hashed.

    The caller removes the file; it is removed here when anything fails.
    """
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if not boundary:
        raise _broken("its Content-Type has no boundary")
    form = _Form(folder, limits)
    parser = MultipartParser(boundary, form.callbacks())  # type: ignore[arg-type]
    try:
        async for chunk in stream:
            parser.write(chunk)
            if form.sink is not None and form.sink.is_full():
                await to_thread.run_sync(form.sink.flush)
        parser.finalize()
        if not form.ended:
            raise _broken("it ends too early")
        upload = None if form.sink is None else await to_thread.run_sync(form.sink.finish)
        return nested(form.fields, limits.depth), upload
    except FormParserError as error:
        form.discard()
        raise _broken(str(error)) from None
    except BaseException:
        form.discard()
        raise


class _Sink:
    """The file part on its way to disk."""

    def __init__(self, folder: Path, filename: str | None, content_type: str | None, most: int) -> None:
        self._path = folder / f"upload-{secrets.token_hex(16)}"
        self._file = self._path.open("xb")
        self._filename = filename
        self._content_type = content_type
        self._most = most
        self._pending = bytearray()
        self._hash = hashlib.sha256()
        self._size = 0

    def add(self, part: bytes) -> None:
        self._pending += part
        self._size += len(part)
        if self._size > self._most:
            raise TooLargeError(
                f"The file is larger than {self._most} bytes.", suggestion="Upload a smaller file."
            )

    def is_full(self) -> bool:
        return len(self._pending) >= _FLUSHED_AT

    def flush(self) -> None:
        pending, self._pending = self._pending, bytearray()
        self._hash.update(pending)
        self._file.write(pending)

    def finish(self) -> Upload:
        self.flush()
        self._file.close()
        return Upload(
            path=self._path,
            size=self._size,
            sha256=self._hash.hexdigest(),
            filename=self._filename,
            content_type=self._content_type,
        )

    def discard(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)


class _Form:
    """What the parser's callbacks gather."""

    def __init__(self, folder: Path, limits: RequestLimits) -> None:
        self.fields: dict[str, str] = {}
        self.sink: _Sink | None = None
        self.ended = False
        self._folder = folder
        self._limits = limits
        self._size = 0
        self._header = bytearray()
        self._headers: dict[bytes, bytes] = {}
        self._value = bytearray()
        self._name = ""
        self._text = bytearray()

    def callbacks(self) -> dict[str, Any]:
        names = ("part_begin", "header_field", "header_value", "header_end", "headers_finished")
        return {
            f"on_{name}": getattr(self, f"_on_{name}") for name in (*names, "part_data", "part_end", "end")
        }

    def discard(self) -> None:
        if self.sink is not None:
            self.sink.discard()

    def _on_part_begin(self) -> None:
        self._headers = {}
        self._text = bytearray()
        self._name = ""

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[bytes(self._header).lower()] = bytes(self._value)
        self._header, self._value = bytearray(), bytearray()

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        if b"name" not in options:
            raise _broken("a part has no name")
        self._name = _text(options[b"name"])
        # The original client sends a file name with every field: the part's name alone tells them apart.
        if self._name == FILE_PART:
            if self.sink is not None:
                raise _broken(f'it has two parts named "{FILE_PART}"')
            kind = self._headers.get(b"content-type")
            filename = options.get(b"filename")
            self.sink = _Sink(
                self._folder,
                None if filename is None else _text(filename),
                None if kind is None else kind.decode("latin-1"),
                self._limits.upload,
            )

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._name == FILE_PART and self.sink is not None:
            self.sink.add(data[start:end])
            return
        self._text += data[start:end]
        self._size += end - start
        if self._size > self._limits.form:
            raise TooLargeError(
                f"The fields are larger than {self._limits.form} bytes together.",
                suggestion=f'Send large content as the part named "{FILE_PART}".',
            )

    def _on_part_end(self) -> None:
        if self._name == FILE_PART:
            return
        if self._name in self.fields:
            raise _broken(f'the field "{self._name[:80]}" is there twice')
        if len(self.fields) >= self._limits.fields:
            raise TooLargeError(
                f"The body has more than {self._limits.fields} fields.", suggestion="Send fewer."
            )
        self.fields[self._name] = _text(bytes(self._text))

    def _on_end(self) -> None:
        self.ended = True


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise _broken("a field is not UTF-8") from None


def _broken(why: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"The multipart body cannot be read: {why}.",
        suggestion="Send multipart/form-data as RFC 7578 has it.",
    )
