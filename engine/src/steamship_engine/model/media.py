"""MIME types: which ones the original client knows, and what bytes look like (docs/reference/protocol.md#data-types)."""

from __future__ import annotations

import codecs
import re

TEXT = "text/plain"
BYTES = "application/octet-stream"

KNOWN = frozenset(
    {
        "unknown",
        TEXT,
        "application/json",
        "text/markdown",
        "application/epub+zip",
        "application/pdf",
        "image/jpeg",
        "image/png",
        "image/tiff",
        "image/gif",
        "text/html",
        "application/msword",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "applicatino/ms-powerpoint",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/rtf",
        BYTES,
        "application/vnd.steamship-block.json.v1",
        "application/vnd.steamship-block.plugin-capabilities-request+json",
        "application/vnd.steamship-block.plugin-capabilities-response+json",
        "application/vnd.steamship-block.function-calling-support-invocation+json",
        "application/vnd.steamship-block.function-calling-support-result+json",
        "audio/wav",
        "audio/mp3",
        "audio/ogg",
        "video/ogg",
        "video/mp4",
        "audio/mp4",
        "video/webm",
        "audio/webm",
        "fileJson",
    }
)
"""All that the original client can read; it fails on any other. The odd spelling is its own."""

_NEAREST = {
    "audio/mpeg": "audio/mp3",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "image/jpg": "image/jpeg",
    "text/rtf": "application/rtf",
    "application/vnd.ms-powerpoint": "applicatino/ms-powerpoint",
    "application/xhtml+xml": "text/html",
    "text/x-markdown": "text/markdown",
}

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"%PDF-", "application/pdf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"ID3", "audio/mp3"),
    (b"{\\rtf", "application/rtf"),
    (b"\x1aE\xdf\xa3", "video/webm"),
)

SNIFFED = 64 * 1024
"""How many bytes from the beginning `sniffed` wants to see."""

_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}")


def is_type(text: str) -> bool:
    """Whether `text` may be stored as a MIME type: `type/subtype`, or one of the known words."""
    return text in KNOWN or _TYPE.fullmatch(text) is not None


def on_the_wire(mime_type: str | None) -> str | None:
    """The known type nearest to a stored one, for the JSON of files and blocks."""
    if mime_type is None or mime_type in KNOWN:
        return mime_type
    folded = mime_type.lower()
    if folded in KNOWN:
        return folded
    return _NEAREST.get(folded, TEXT if folded.startswith("text/") else BYTES)


def as_content_type(mime_type: str | None) -> str:
    """The Content-Type under which stored bytes are sent: their type exactly, where it is one."""
    if mime_type is None or _TYPE.fullmatch(mime_type) is None:
        return BYTES
    return mime_type


def sniffed(head: bytes) -> str:
    """The type of a file that begins with `head` (its first `SNIFFED` bytes, or all of it)."""
    for signature, mime_type in _SIGNATURES:
        if head.startswith(signature):
            return mime_type
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "audio/wav"
    if head[:4] == b"OggS":
        return "audio/ogg"
    if head[4:8] == b"ftyp":
        return "audio/mp4" if head[8:12] in (b"M4A ", b"M4B ") else "video/mp4"
    return TEXT if _is_text(head) else BYTES


def _is_text(head: bytes) -> bool:
    if b"\x00" in head:
        return False
    try:
        # Not final: the last character may have been cut.
        codecs.getincrementaldecoder("utf-8")().decode(head, final=len(head) < SNIFFED)
    except UnicodeDecodeError:
        return False
    return True
