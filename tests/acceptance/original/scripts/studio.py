"""Pictures, sound and pages: the bytes as they were, under exactly their type."""

from __future__ import annotations

import base64
import struct

from tests.acceptance.original.scripts.differences import text, used
from tests.services.package_scripts import Call

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SAMPLES = struct.pack("<8h", *range(8))
WAV = (
    b"RIFF" + struct.pack("<I", 36 + len(SAMPLES)) + b"WAVE"
    b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16) +
    b"data" + struct.pack("<I", len(SAMPLES)) + SAMPLES
)  # fmt: skip

SCRIPT = (
    used(),
    Call("picture", PIXEL, type="image/png"),
    Call("sound", WAV, verb="GET", type="audio/wav"),
    Call("stream", PIXEL, type="application/octet-stream"),
    Call("untyped", PIXEL, type="application/octet-stream"),
    Call("vector", b"<svg/>", type="image/svg+xml"),
    text("page", "<p>Hello, you</p>", "text/html", "GET"),
    text("notes", "# Notes", "text/markdown"),
    Call("unicode", "naïve ☃", type="text/plain; charset=utf-8"),
    Call("big", b"\xff" * (5 * 1024 * 1024), type="audio/mp3"),
    Call("made", {"made": True}, status=201, type="application/json"),
)
