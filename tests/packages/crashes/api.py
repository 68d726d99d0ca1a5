import ctypes
import os
import signal
import sys
import time

from steamship.invocable import PackageService, post


class Crashes(PackageService):
    @post("exit")
    def exit(self, code: int = 0) -> str:
        os._exit(code)

    @post("sys_exit")
    def sys_exit(self) -> str:
        sys.exit("enough")

    @post("segfault")
    def segfault(self) -> str:
        ctypes.string_at(0)
        return "never"

    @post("kill")
    def kill(self) -> str:
        os.kill(os.getpid(), signal.SIGKILL)
        return "never"

    @post("hang")
    def hang(self) -> str:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            time.sleep(0.01)

    @post("spin")
    def spin(self) -> str:
        while True:
            pass

    @post("raise")
    def raise_(self) -> str:
        raise ValueError("no such thing")

    @post("fork")
    def fork(self) -> int:
        os.fork()
        return os.getpid()

    @post("leave_child")
    def leave_child(self) -> int:
        pid = os.fork()
        if pid == 0:
            time.sleep(1000)
        return pid

    @post("pid")
    def pid(self) -> int:
        return os.getpid()
