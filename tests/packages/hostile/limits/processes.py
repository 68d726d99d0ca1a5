"""Too many processes, threads and descriptors, and too much memory."""

import mmap
import os
import select
import tempfile
import threading
import time

MIB = 1 << 20
_MOST = 400
"""Megabytes of memory, or processes; several times what the tests allow."""
_LONG = 60


def heap():
    kept = []
    for _ in range(_MOST):
        kept.append(b"x" * MIB)
    time.sleep(_LONG)
    return f"{len(kept)} MiB"


def mapped():
    """Shared memory without a name, which no limit on the heap counts."""
    kept = mmap.mmap(-1, _MOST * MIB)
    for page in range(0, len(kept), 4096):
        kept[page] = 1
    time.sleep(_LONG)
    return f"{len(kept) // MIB} MiB"


def children():
    """Each child has little, all of them much."""
    made = []
    for _ in range(10):
        pid = os.fork()
        if pid == 0:
            kept = [b"x" * MIB for _ in range(_MOST // 10)]
            time.sleep(_LONG)
            os._exit(len(kept) > 0)
        made.append(pid)
    for pid in made:
        os.waitpid(pid, 0)
    return f"{len(made)} children"


def _fill(folder):
    """A file without a name, so that nothing is left where nothing stops it."""
    file = os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o600)
    for _ in range(_MOST):
        os.write(file, b"x" * MIB)
    return f"{_MOST} MiB"


def memory_of_scratch():
    return _fill(tempfile.gettempdir())


def memory_of_shm():
    return _fill("/dev/shm")


def fork_bomb():
    """Every child forks as well; a pipe with a byte for each bounds them all.

    Where the system refuses more of them this one is done, and they end with their other pipe.
    """
    tokens, sending = os.pipe()
    os.write(sending, b"x" * _MOST)
    os.close(sending)
    waiting, ending = os.pipe()
    first, refused = os.getpid(), 0
    while os.read(tokens, 1):
        try:
            if os.fork() == 0 and ending >= 0:
                os.close(ending)
                ending = -1
        except OSError:
            refused += 1
            time.sleep(0.01)
    if os.getpid() != first or not refused:
        select.select([waiting], [], [], _LONG)
        os._exit(0)
    for descriptor in (tokens, waiting, ending):
        os.close(descriptor)
    try:
        while True:
            os.waitpid(-1, 0)
    except ChildProcessError:
        return f"refused {refused} times"


def threads():
    """300 of them."""
    stop = threading.Event()
    made = 0
    try:
        for _ in range(300):
            threading.Thread(target=stop.wait, daemon=True).start()
            made += 1
    except RuntimeError:
        stop.set()
        return f"refused after {made}"
    time.sleep(_LONG)
    return f"{made} threads"


def descriptors():
    """20,000 of them."""
    made = []
    try:
        for _ in range(20_000):
            made.append(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return f"refused: {error.strerror}"
    finally:
        for descriptor in made:
            os.close(descriptor)
    return f"{len(made)} descriptors"


WAYS = {
    function.__name__: function
    for function in (
        heap, mapped, children, memory_of_scratch, memory_of_shm, fork_bomb, threads, descriptors,
    )
}  # fmt: skip
