"""What the kernel tells of a process through `/proc`, and what to make of it. Processes may end at any moment."""

import os
import stat as modes
from typing import NamedTuple

PAGE = os.sysconf("SC_PAGE_SIZE")
_READ = 1 << 16
_NULL = os.makedev(1, 3)


class Stat(NamedTuple):
    """One line of `stat`. `cpu` is in clock ticks; `code` is the wait status of a process that has ended."""

    state: str
    parent: int
    session: int
    cpu: int
    threads: int
    code: int

    @property
    def ended(self) -> bool:
        """Whether it only waits to be reaped."""
        return self.state in "ZX"

    @property
    def stopped(self) -> bool:
        """Whether it does nothing until it is told to go on."""
        return self.state == "T"


class Status(NamedTuple):
    """What it takes, of `status`; `memory` is anonymous and shared memory in bytes, without pages of files."""

    threads: int
    memory: int


class Rights(NamedTuple):
    """What it may do, of `status`: every user and group that it counts as, capabilities that it has and may get as bits.

    `filters` is how many seccomp programs are loaded; `inner_pids` are its ids in its namespaces, from here inwards.
    """

    users: frozenset[int]
    groups: frozenset[int]
    capabilities: int
    bounding: int
    no_new_privileges: bool
    filters: int
    inner_pids: tuple[int, ...]


def read(path: str) -> bytes:
    """A file of `/proc` whole. Raises OSError, ProcessLookupError among them."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        parts = []
        while part := os.read(descriptor, _READ):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(descriptor)


def stat(pid: int) -> Stat | None:
    """Its `stat`; None when there is no such process."""
    try:
        line = read(f"/proc/{pid}/stat")
    except OSError:
        return None
    # The name before it may hold anything, brackets too.
    fields = line[line.rindex(b")") + 2 :].split()
    return Stat(
        fields[0].decode(),
        int(fields[1]),
        int(fields[3]),
        int(fields[11]) + int(fields[12]),
        int(fields[17]),
        int(fields[49]),
    )


def ended(pid: int) -> bool:
    """Whether there is no such process, or it only waits to be reaped."""
    found = stat(pid)
    return found is None or found.ended


def status(pid: int) -> Status | None:
    """Its `status`; None when there is no such process."""
    try:
        text = read(f"/proc/{pid}/status")
    except OSError:
        return None
    return Status(
        _numbers(text, b"\nThreads:")[0],
        1024 * sum(_numbers(text, b"\nRssAnon:")[:1] + _numbers(text, b"\nRssShmem:")[:1]),
    )


def rights(pid: int) -> Rights | None:
    """Its rights; None when there is no such process."""
    try:
        text = read(f"/proc/{pid}/status")
    except OSError:
        return None
    sets = [_line(text, name) for name in (b"\nCapInh:", b"\nCapPrm:", b"\nCapEff:", b"\nCapAmb:")]
    # Kernels before 5.9 do not say how many, only whether there is any.
    filters = _numbers(text, b"\nSeccomp_filters:") or [2 * (_numbers(text, b"\nSeccomp:") == [2])]
    return Rights(
        frozenset(_numbers(text, b"\nUid:")),
        frozenset(_numbers(text, b"\nGid:") + _numbers(text, b"\nGroups:")),
        int(max(sets) or b"0", 16),
        int(_line(text, b"\nCapBnd:") or b"0", 16),
        _numbers(text, b"\nNoNewPrivs:") == [1],
        filters[0],
        tuple(_numbers(text, b"\nNSpid:")),
    )


def children(pid: int) -> list[int]:
    """The processes that it, or one of its threads, is the parent of; those that wait to be reaped too."""
    found: list[int] = []
    for thread in _names(f"/proc/{pid}/task"):
        try:
            found += map(int, read(f"/proc/{pid}/task/{thread}/children").split())
        except OSError:
            continue
    return found


def descendants(pid: int) -> list[int]:
    """All processes below it, parents first."""
    found = children(pid)
    for child in found:
        found += children(child)
    return found


def descriptors(pid: int) -> dict[int, str]:
    """Its open descriptors and what they are, such as `socket:[123]`; `/dev/null` is the device, and no file of that name."""
    found = {}
    for name in _names(f"/proc/{pid}/fd"):
        path = f"/proc/{pid}/fd/{name}"
        try:
            target = os.readlink(path)  # pathlib is slow
            if target == os.devnull and not _is_null(path):
                target = f"{target}, which is no device"
        except OSError:
            continue
        found[int(name)] = target
    return found


def _is_null(path: str) -> bool:
    found = os.stat(path)
    return modes.S_ISCHR(found.st_mode) and found.st_rdev == _NULL


def shared_memory(pid: int) -> list[str]:
    """Its mappings that others can see it write to, by the name of what is mapped."""
    found = []
    name = ""
    try:
        text = read(f"/proc/{pid}/smaps").decode(errors="replace")
    except OSError:
        return []
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "VmFlags:":
            flags = set(rest.split())
            # "mw": it is not writable now, but may be made so.
            if "sh" in flags and flags & {"wr", "mw"}:
                found.append(name)
        elif not word.endswith(":"):
            name = line.split(None, 5)[5] if len(line.split(None, 5)) > 5 else "anonymous memory"
    return found


def mappings(pid: int, most: int) -> int:
    """How many mappings it has, or more than `most` where there are; 0 when there is no such process."""
    found = 0
    try:
        descriptor = os.open(f"/proc/{pid}/maps", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        while found <= most and (part := os.read(descriptor, _READ)):
            found += part.count(b"\n")
    except OSError:
        return 0
    finally:
        os.close(descriptor)
    return found


def own_memory(pid: int) -> int:
    """Bytes of anonymous and shared memory, each page divided by the number of processes that have it. Slow."""
    try:
        lines = read(f"/proc/{pid}/smaps_rollup").split(b"\n")
    except OSError:
        return 0
    wanted = (b"Pss_Anon:", b"Pss_Shmem:")
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(wanted))


def _numbers(text: bytes, name: bytes) -> list[int]:
    """The numbers of one line of `status`; none where it has no such line, as that of a process that has ended."""
    return [int(word) for word in _line(text, name).split() if word.isdigit()]


def _line(text: bytes, name: bytes) -> bytes:
    """What one line of `status` says; nothing where there is no such line."""
    # The name of the process, which is its own choice, has its line ends escaped.
    start = text.find(name)
    if start < 0:
        return b""
    start += len(name)
    return text[start : text.index(b"\n", start)].strip()


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # pathlib is slow
    except OSError:
        return []
