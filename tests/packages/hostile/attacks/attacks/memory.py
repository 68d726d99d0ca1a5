"""Looking for what planted words tell of others: in its own memory, and in that of others.

A word looks like `canary_config_` and 24 hexadecimal digits. Those that begin with `canary_own_` are its own: that
they are found shows that the search finds.
"""

import ctypes
import gc
import os
import re

from .outcome import Closed, attack

_WORD = re.compile(rb"canary_[a-z]+_[0-9a-f]{24}")
_OWN = "canary_own_"
_MOST = 64 << 20
_CHUNK = 4 << 20
_DESCRIPTORS = 1024
_ENGINES = b"STEAMSHIP_ENGINE_"


def words(content):
    return {found.decode() for found in _WORD.findall(content)}


def _strangers(found):
    """Evidence, where there are words of others."""
    others = sorted(word for word in found if not word.startswith(_OWN))
    if others:
        return f"{len(others)} such as {others[0]}"
    raise Closed("its own words alone" if found else "no word")


def regions(pid):
    """Readable memory that no file is behind, as (start, size)."""
    with open(f"/proc/{pid}/maps") as lines:
        for line in lines:
            fields = line.split(None, 5)
            name = fields[5].strip() if len(fields) > 5 else ""
            if fields[1].startswith("r") and not name.startswith(("/", "[v")):
                start, end = (int(part, 16) for part in fields[0].split("-"))
                yield start, min(end - start, _MOST)


def own_memory():
    """Every word in this process's memory."""
    found = set()
    for start, size in list(regions("self")):
        for offset in range(0, size, _CHUNK):
            found |= words(ctypes.string_at(start + offset, min(_CHUNK, size - offset)))
    return found


def _memory_of(pid):
    found = set()
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for start, size in list(regions(pid)):
            try:
                memory.seek(start)
                found |= words(memory.read(size) or b"")
            except (OSError, OverflowError):
                continue
    return found


@attack("search its own memory")
def search_memory(given):
    return _strangers(own_memory())


@attack("search its own objects")
def search_objects(given):
    gc.unfreeze()
    found = set()
    for thing in gc.get_objects():
        for part in gc.get_referents(thing):
            if isinstance(part, str):
                found |= words(part.encode("utf-8", "replace"))
            elif isinstance(part, bytes):
                found |= words(part)
    return _strangers(found)


@attack("search its own environment")
def search_environment(given):
    with open("/proc/self/environ", "rb") as file:
        content = file.read() + repr(dict(os.environ)).encode()
    if _ENGINES in content:
        return "the engine's settings"
    return _strangers(words(content))


@attack("find a descriptor that is not its own")
def search_descriptors(given):
    """Beside the standard ones, its channel and the attack's own pipe it has none that leads to anything."""
    found = []
    for number in range(4, _DESCRIPTORS):
        try:
            target = os.readlink(f"/proc/self/fd/{number}")
        except OSError:
            continue
        if not target.startswith(("pipe:", "anon_inode:[eventpoll]", "anon_inode:[eventfd]")):
            found.append(f"{number}: {target}")
    if not found:
        raise Closed("none")
    return found


for _process in ("engine", "launcher", "zygote", "sibling"):

    @attack(f"search the memory of the {_process}")
    def search_process(given, process=_process):
        found = _memory_of(given["pids"][process])
        return f"read; {len(found)} words"

    @attack(f"read the environment of the {_process}")
    def environment(given, process=_process):
        with open(f"/proc/{given['pids'][process]}/environ", "rb") as file:
            return f"{len(file.read())} bytes"
