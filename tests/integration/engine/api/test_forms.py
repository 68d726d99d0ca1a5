"""Multipart bodies, written to disk while they are read."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from steamship_engine.api.forms import read_form
from steamship_engine.api.operations import Upload
from steamship_engine.model.errors import InvalidRequestError, TooLargeError
from steamship_engine.model.limits import RequestLimits

KIND = "multipart/form-data; boundary=line"


def _part(name: str, content: bytes, *more: str) -> bytes:
    head = "\r\n".join([f'Content-Disposition: form-data; name="{name}"; filename="{name}"', *more])
    return b"--line\r\n" + head.encode() + b"\r\n\r\n" + content + b"\r\n"


def _body(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--line--\r\n"


def _read(
    body: bytes, folder: Path, *, piece: int = 7, kind: str = KIND, **limits: Any
) -> tuple[dict[str, Any], Upload | None]:
    async def stream() -> AsyncIterator[bytes]:
        for start in range(0, len(body), piece):
            yield body[start : start + piece]

    return asyncio.run(read_form(stream(), kind, folder, RequestLimits(**limits)))


@pytest.mark.parametrize("piece", [1, 7, 10**9])
def test_parts_are_told_apart_by_name(tmp_path: Path, piece: int) -> None:
    """Only the part named `file` is a file, though every field carries a file name, however it arrives."""
    content = b"\r\n--lin\x00\xff" * 50
    body = _body(
        _part("handle", "é".encode()),
        _part("file", content, "Content-Type: multipart/form-data"),
        _part("tags[0][kind]", b"a"),
    )
    fields, upload = _read(body, tmp_path, piece=piece)
    assert fields == {"handle": "é", "tags": [{"kind": "a"}]}
    assert upload is not None
    assert upload.path.read_bytes() == content
    assert (upload.size, upload.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert (upload.filename, upload.content_type) == ("file", "multipart/form-data")


def test_a_large_file_is_written_whole(tmp_path: Path) -> None:
    """A file larger than the buffer arrives unchanged."""
    content = bytes(range(256)) * 20_000
    _, upload = _read(_body(_part("file", content)), tmp_path, piece=65_536)
    assert upload is not None
    assert upload.path.read_bytes() == content


def test_an_empty_file_is_a_file(tmp_path: Path) -> None:
    """A part named `file` without content is an upload of no bytes."""
    _, upload = _read(_body(_part("file", b"")), tmp_path)
    assert upload is not None
    assert upload.size == 0


def test_without_a_file_there_is_no_upload(tmp_path: Path) -> None:
    """A body of fields alone gives no upload and writes nothing."""
    fields, upload = _read(_body(_part("handle", b"x")), tmp_path)
    assert (fields, upload) == ({"handle": "x"}, None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nothing of the kind",
        _part("file", b"x"),
        _part("file", b"x")[:-4],
        _body(_part("file", b"x"), _part("file", b"y")),
        _body(_part("file", b"x"), _part("a", b"1"), _part("a", b"2")),
        _body(_part("file", b"x"), _part("a", b"\xff")),
        _body(_part("file", b"x"), _part("a", b"1"), _part("a[b]", b"2")),
        _body(_part("file", b"x"), b"--line\r\nContent-Type: text/plain\r\n\r\nx\r\n"),
        _body(_part("file", b"x"), _part("a", b"1", *(f"X-{number}: 1" for number in range(20)))),
    ],
)
def test_broken_bodies_leave_nothing_behind(tmp_path: Path, body: bytes) -> None:
    """A body that cannot be read gives InvalidRequestError, and its file is gone."""
    with pytest.raises(InvalidRequestError):
        _read(body, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "limits",
    [{"upload": 10}, {"form": 10}, {"fields": 1}],
)
def test_what_is_too_large_leaves_nothing_behind(tmp_path: Path, limits: dict[str, int]) -> None:
    """A file, the fields' text, or their number over the limit gives TooLargeError, and the file is gone."""
    body = _body(_part("file", b"x" * 11), _part("a", b"y" * 11), _part("b", b"z"))
    with pytest.raises(TooLargeError):
        _read(body, tmp_path, **limits)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_boundary_is_said(tmp_path: Path) -> None:
    """A content type without boundary is an error that names it."""
    with pytest.raises(InvalidRequestError, match="boundary"):
        _read(_body(), tmp_path, kind="multipart/form-data")


def test_a_client_that_leaves_leaves_nothing_behind(tmp_path: Path) -> None:
    """When the connection breaks in the middle, the half of the file that came is removed."""

    async def stream() -> AsyncIterator[bytes]:
        yield _part("file", b"x" * 3_000_000)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        asyncio.run(read_form(stream(), KIND, tmp_path, RequestLimits()))
    assert list(tmp_path.iterdir()) == []
