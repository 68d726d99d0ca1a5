import mmap

from steamship.invocable import PackageService, post

BOARD = mmap.mmap(-1, 4096)


class Maps(PackageService):
    @post("write")
    def write(self, text: str = "") -> str:
        BOARD[: len(text)] = text.encode()
        return "done"

    @post("read")
    def read(self) -> str:
        return bytes(BOARD[:10]).rstrip(b"\0").decode()
