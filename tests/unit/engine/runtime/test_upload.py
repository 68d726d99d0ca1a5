"""A body cut into parts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from hypothesis import given
from hypothesis import strategies as st

from steamship_engine.runtime.upload import Upload


async def _parts(chunks: list[bytes], size: int) -> list[tuple[bytes, bool]]:
    async def body() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    upload, parts = Upload(body(), size), []
    while True:
        parts.append(await upload.part())
        if not parts[-1][1]:
            return parts


@given(st.lists(st.binary(max_size=30), max_size=10), st.integers(1, 20))
def test_parts_are_the_whole_body(chunks, size):
    """However the chunks lie, the parts are of at most that size, none but the last is short, and say whether more follows."""
    parts = asyncio.run(_parts(chunks, size))
    assert b"".join(part for part, _ in parts) == b"".join(chunks)
    assert all(len(part) == size for part, _ in parts[:-1])
    assert len(parts[-1][0]) <= size
    assert len(parts) == 1 or parts[-1][0]
