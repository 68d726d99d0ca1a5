import os

from steamship.invocable import PackageService, post

os.fork()


class Forked(PackageService):
    @post("pid")
    def pid(self) -> int:
        return os.getpid()
