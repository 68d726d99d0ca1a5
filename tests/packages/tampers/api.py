"""A package that tampers with its zygote while it is imported, as `chosen.py` says, and tells what came of it."""

import ctypes
import struct
import subprocess

import chosen
import keeps  # noqa: F401  # each of these registers its tamperings
import listens  # noqa: F401
import places  # noqa: F401
import says  # noqa: F401
import steps  # noqa: F401
import tries  # noqa: F401
from tampering import NAMED

from steamship.invocable import PackageService, post

TOLD = NAMED[chosen.NAME]() if chosen.NAME else None


class Tampers(PackageService):
    @post("told")
    def told(self) -> object:
        """What the tampering gave at the import."""
        return TOLD

    @post("run")
    def run(self, code: str) -> str:
        """What the expression is here, as text, or the error's name."""
        try:
            return repr(eval(code, {name: __import__(name) for name in ("ctypes", "os", "socket", "struct")}))
        except OSError as error:
            return type(error).__name__

    @post("landlock")
    def landlock(self) -> int:
        """How many more layers Landlock takes here, in a thread of its own."""
        syscall, layers = ctypes.CDLL(None, use_errno=True).syscall, []
        rules = syscall(444, struct.pack("Q", 1), ctypes.c_size_t(8), 0)
        while syscall(446, rules, 0) == 0:
            layers.append(rules)
        return len(layers)

    @post("daemons")
    def daemons(self, mark: str) -> None:
        """Leave three programs running: in a session of its own, forked twice, and both."""
        sleep = ["/bin/sleep", mark]
        subprocess.Popen(sleep, start_new_session=True)
        subprocess.run(["/bin/sh", "-c", f"/bin/sleep {mark} & exit 0"], check=True)
        subprocess.run(["/usr/bin/setsid", "/bin/sh", "-c", f"/usr/bin/setsid /bin/sleep {mark} & exit 0"], check=True)
