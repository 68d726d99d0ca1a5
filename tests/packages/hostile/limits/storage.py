"""Too much on disk: in one file, in many, in none that can be seen."""

import os
import shutil
import tempfile

MIB = 1 << 20
_MOST = 100
"""Megabytes, three times what the tests allow."""


def _within(work):
    """What `work` got in a folder of its own, which is removed when it was refused; else the worker waits for its end."""
    folder = tempfile.mkdtemp()
    try:
        return work(folder)
    except OSError as error:
        return f"refused: {error.strerror}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write(path, megabytes):
    with open(path, "wb", buffering=0) as file:
        for _ in range(megabytes):
            written = file.write(b"x" * MIB)
            while written < MIB:
                written += file.write(b"x" * (MIB - written))


def _linger(made):
    """Give those who only look now and then the time to look."""
    import time

    time.sleep(20)
    return made


def one_file():
    def work(folder):
        _write(f"{folder}/one", _MOST)
        return _linger(f"{_MOST} MiB")

    return _within(work)


def many_files():
    def work(folder):
        for number in range(_MOST):
            _write(f"{folder}/{number}", 1)
        return _linger(f"{_MOST} files of 1 MiB")

    return _within(work)


def empty_files():
    """20,000 names and nothing in them."""

    def work(folder):
        for number in range(20_000):
            os.close(os.open(f"{folder}/{number}", os.O_CREAT | os.O_WRONLY))
        return _linger("20000 files")

    return _within(work)


def sparse_file():
    """Long, and nearly nothing of it there."""

    def work(folder):
        with open(f"{folder}/sparse", "wb") as file:
            file.truncate(1 << 40)
        return "1 TiB"

    return _within(work)


def deleted_files():
    """Open, and without a name."""
    kept = []

    def work(folder):
        for number in range(_MOST):
            file = os.open(f"{folder}/{number}", os.O_CREAT | os.O_WRONLY)
            kept.append(file)
            os.unlink(f"{folder}/{number}")
            if os.write(file, b"x" * MIB) < MIB:
                raise OSError(28, "No space left on device")
        return f"{_MOST} deleted files of 1 MiB"

    try:
        return _within(work)
    finally:
        for file in kept:
            os.close(file)


WAYS = {
    function.__name__: function
    for function in (one_file, many_files, empty_files, sparse_file, deleted_files)
}
