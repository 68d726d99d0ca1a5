"""What browsers of any origin may do here: call with a bearer key, never with credentials of their own."""

from __future__ import annotations

from steamship_engine.model.reserved import CORS_ALLOWED_HEADERS, CORS_EXPOSED_HEADERS, CORS_METHODS

REPLY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", ", ".join(CORS_EXPOSED_HEADERS).encode()),
)
"""On every answer, errors and streams too."""

PREFLIGHT_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", ", ".join(CORS_METHODS).encode()),
    (b"access-control-allow-headers", ", ".join(CORS_ALLOWED_HEADERS).encode()),
    (b"access-control-max-age", b"86400"),
    (b"content-length", b"0"),
)
"""On the 204 that answers OPTIONS."""
