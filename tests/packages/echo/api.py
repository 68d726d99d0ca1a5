"""Answers with what it was given, and tells what it sees of its process."""

import os
import sys

from steamship.invocable import PackageService, get, post

CALLS = 0


class Echo(PackageService):
    """One method a question."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.constructed_in = os.getpid()

    @post("say")
    def say(self, value: str = "") -> str:
        return value

    @get("read")
    def read(self, value: str = "") -> str:
        return value

    @post("count")
    def count(self) -> dict:
        global CALLS
        CALLS += 1
        return {"calls": CALLS, "pid": os.getpid(), "constructed_in": self.constructed_in}

    @post("big")
    def big(self, size: int = 0) -> bytes:
        return b"x" * size

    @post("length")
    def length(self, value: str = "") -> int:
        return len(value)

    @post("surroundings")
    def surroundings(self) -> dict:
        return {
            "environ": dict(os.environ),
            "cwd": os.getcwd(),
            "path": sys.path,
            "descriptors": sorted(int(name) for name in os.listdir("/proc/self/fd")),
            "parent": os.getppid(),
            "session": os.getsid(0),
            "pid": os.getpid(),
        }

    @post("write")
    def write(self) -> str:
        path = os.path.join(os.environ["TMPDIR"], "mark")
        with open(path, "w") as stream:
            stream.write("here")
        return path
