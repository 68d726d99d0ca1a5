"""One engine a data directory: a lock that ends with the process that holds it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO


class LockedError(RuntimeError):
    """Another engine is running there."""


def hold(file: Path) -> IO[str]:
    """Lock `file` for as long as the answer is open; LockedError while another process holds it."""
    stream = file.open("a+", encoding="ascii")
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        stream.seek(0)
        holder = stream.read(20).strip() or "?"
        stream.close()
        raise LockedError(
            f'Another engine (process {holder}) is running on "{file.parent}". '
            "Stop it first, or give this one another --data-dir."
        ) from None
    stream.truncate(0)
    stream.write(f"{os.getpid()}\n")
    stream.flush()
    return stream
