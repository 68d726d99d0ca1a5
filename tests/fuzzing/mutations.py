"""Quick changes of bytes: thousands a second, where examples that follow a grammar are hundreds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from tests.fuzzing.inputs import PIECES

_NUMBERS = [0, 1, 2, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]


def mutated(random: Random, content: bytes, seeds: Sequence[bytes]) -> bytes:
    """A copy with some changes; parts of other seeds may come in."""
    changed = bytearray(content)
    for _ in range(random.choice([1, 1, 2, 4, 8])):
        at = random.randint(0, len(changed))
        end = min(len(changed), at + random.choice([0, 1, 2, 4, 16, 256]))
        changed[at:end] = _piece(random, bytes(changed[at:end]), seeds)
    return bytes(changed)


def smallest(content: bytes, fails: Callable[[bytes], bool], tries: int = 2_000) -> bytes:
    """The content without what it can do without and still fail."""
    size = len(content)
    while size := size // 2:
        at = 0
        while at < len(content) and tries > 0:
            tries -= 1
            shorter = content[:at] + content[at + size :]
            if fails(shorter):
                content = shorter
            else:
                at += size
    return content


def _piece(random: Random, old: bytes, seeds: Sequence[bytes]) -> bytes:
    kind = random.randrange(6)
    if kind == 0:
        return b""
    if kind == 1:
        return random.randbytes(len(old) or random.randint(1, 4))
    if kind == 2:
        return random.choice(PIECES)
    if kind == 3:
        order = random.choice(["little", "big"])
        return (random.choice(_NUMBERS) & (1 << 8 * len(old)) - 1).to_bytes(len(old), order)
    if kind == 4:
        return old * random.choice([2, 3, 100])
    other = random.choice(seeds)
    start = random.randint(0, len(other))
    return other[start : start + random.choice([1, 8, 64, 1024])]
