import os
import random
import subprocess
import sys
import tempfile
import time

from steamship.invocable import PackageService, post

COUNTER = []
tempfile.gettempdir()
print("imported")
EARLY = sys.stdout


class Hoards(PackageService):
    @post("memory")
    def memory(self, megabytes: int = 0) -> str:
        self.kept = [b"x" * 1_000_000 for _ in range(megabytes)]
        return "done"

    @post("memory_of_children")
    def memory_of_children(self, megabytes: int = 0, children: int = 1) -> str:
        for _ in range(children):
            if os.fork() == 0:
                kept = [b"x" * 1_000_000 for _ in range(megabytes)]
                time.sleep(1000)
                del kept
        time.sleep(1000)
        return "done"

    @post("processes")
    def processes(self, count: int = 0) -> str:
        self.started = [subprocess.Popen(["sleep", "1000"]) for _ in range(count)]
        time.sleep(1000)
        return "done"

    @post("scratch")
    def scratch(self, megabytes: int = 0) -> str:
        for number in range(megabytes):
            with open(os.path.join(tempfile.gettempdir(), str(number)), "wb") as file:
                file.write(bytes(1_000_000))
        time.sleep(1000)
        return "done"

    @post("daemon")
    def daemon(self) -> int:
        """A process whose parent has ended, in a session of its own."""
        command = "setsid sleep 1000 >/dev/null 2>&1 & echo $!"
        return int(subprocess.run(["sh", "-c", command], check=True, capture_output=True).stdout)

    @post("self")
    def self_(self) -> dict:
        """What this process can tell of itself."""
        found = {}
        for name in os.listdir("/proc/self/fd"):
            try:
                found[name] = os.readlink(f"/proc/self/fd/{name}")
            except FileNotFoundError:
                continue
        environ = open("/proc/self/environ").read()
        return {
            "pid": os.getpid(),
            "parent": os.getppid(),
            "session": os.getsid(0),
            "descriptors": found,
            "environ": dict(os.environ),
            "first_environ": environ,
            "temporary": tempfile.gettempdir(),
            "folder": os.getcwd(),
            "random": random.random(),
            "counted": len(COUNTER),
        }

    @post("count")
    def count(self) -> int:
        COUNTER.append(1)
        return len(COUNTER)

    @post("say")
    def say(self, text: str = "") -> str:
        print(text, file=EARLY)
        return "done"
