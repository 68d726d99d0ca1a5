"""MIME types: known ones, sniffed ones, and how they go out."""

from __future__ import annotations

import pytest

from steamship_engine.model import media

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"import os\n", "text/plain"),
        ("Grüße, 世界".encode(), "text/plain"),
        (b"", "text/plain"),
        (PNG, "image/png"),
        (b"%PDF-1.7\n", "application/pdf"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a...", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "audio/wav"),
        (b"\x00\x00\x00\x18ftypmp42", "video/mp4"),
        (b"\xff\xfe\x00\x01", "application/octet-stream"),
        (b"text with \x00 in it", "application/octet-stream"),
        (b"cut \xe4\xb8", "application/octet-stream"),
    ],
)
def test_sniffed(head, expected):
    """The first bytes of a file tell its type: a signature, valid UTF-8, or nothing."""
    assert media.sniffed(head) == expected


def test_a_character_cut_at_the_end_of_the_look_is_text():
    """A long text stays text where the look ends in the middle of a character."""
    text = ("é" * media.SNIFFED).encode()
    assert media.sniffed(text[1 : media.SNIFFED + 1]) == "application/octet-stream"
    assert media.sniffed((b"a" + text)[: media.SNIFFED]) == "text/plain"


@pytest.mark.parametrize(
    ("stored", "wire"),
    [
        (None, None),
        ("image/png", "image/png"),
        ("Image/PNG", "image/png"),
        ("text/csv", "text/plain"),
        ("audio/mpeg", "audio/mp3"),
        ("application/zip", "application/octet-stream"),
        ("fileJson", "fileJson"),
    ],
)
def test_on_the_wire(stored, wire):
    """The JSON of a file never names a type that the original client cannot read."""
    assert media.on_the_wire(stored) == wire
    assert wire is None or wire in media.KNOWN


@pytest.mark.parametrize("bad", ["", "text", "text/", "text/plain\r\nX: y", "a b/c", "text/plain; charset=x"])
def test_what_is_no_type(bad):
    """Text that could end a header line, or is no type, is not stored as one."""
    assert not media.is_type(bad)


def test_as_content_type():
    """Stored bytes go out under their own type, and under a neutral one where it is none."""
    assert media.as_content_type("text/csv") == "text/csv"
    assert media.as_content_type("fileJson") == "application/octet-stream"
    assert media.as_content_type(None) == "application/octet-stream"
