import os
import subprocess
import sys

from steamship.invocable import PackageService, post

print("imported")


class Prints(PackageService):
    @post("line")
    def line(self, text: str = "") -> str:
        print(text)
        print("to stderr", file=sys.stderr)
        os.write(1, b"past Python\n")
        subprocess.run(["echo", "from a child"], check=True)
        print("without an end", end="")
        return "done"

    @post("flood")
    def flood(self, megabytes: int = 0) -> str:
        line = "x" * 99 + "\n"
        for _ in range(megabytes * 10_000):
            sys.stdout.write(line)
        return "done"

    @post("long")
    def long(self, size: int = 0) -> str:
        print("y" * size)
        return "done"
