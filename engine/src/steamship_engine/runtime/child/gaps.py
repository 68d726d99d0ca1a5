"""Gaps in a zygote's memory, filled before it forks: a worker that puts its first objects into them would copy a page for each.

CPython's allocator (Objects/obmalloc.c, 3.10 to 3.13) keeps objects of one size in pools of 16 KiB whose first one lies 48 bytes after
the pool's beginning, and takes a new pool when no other of that size has room. So when objects come to lie side by side from a
pool's beginning on, the gaps of their size are full.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

_POOL, _FIRST = 16 * 1024, 48
_IN_A_ROW = 8
_OWN = b"".__sizeof__()
_MOST = 256 * 1024
"""So many bytes of one size are enough, where the allocator is another one and has no such pools."""

_filling: "list[Any]" = []


def fill() -> None:
    """Fill the gaps of all sizes that bytes and numbers have, for as long as this process and its forks live."""
    for size in range(48, 513, 16):
        _fill(size, partial(_bytes, size - _OWN))
    _fill(32, float)


def _bytes(length: int, _number: int) -> bytes:
    return bytes(length)


def _fill(size: int, make: "Callable[[int], Any]") -> None:
    in_a_row = last = 0
    for number in range(_MOST // size):
        made = make(number)
        _filling.append(made)
        place = id(made)
        if place % _POOL == _FIRST:
            in_a_row = 1
        elif in_a_row and place == last + size:
            in_a_row += 1
            if in_a_row == _IN_A_ROW:
                break
        else:
            in_a_row = 0
        last = place
