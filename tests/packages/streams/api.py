"""Methods that yield, plain and async."""

import asyncio
import os

from steamship import SteamshipError
from steamship.invocable import InvocableResponse, PackageService, get, post


def own_number() -> int:
    """What no other process has, whatever its namespace of processes calls it."""
    return os.stat("/proc/self/ns/pid").st_ino % 2**28 << 22 | os.getpid()


class Streams(PackageService):
    """Generators of both kinds. `progress` is what the last one has done, for all to read."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.progress = []
        self.together = None

    @post("count")
    def count(self, to: int):
        """Numbers."""
        yield from range(to)

    @get("letters")
    async def letters(self, text: str):
        """Each letter of a text."""
        for letter in text:
            await asyncio.sleep(0)
            yield letter

    @post("endless")
    async def endless(self):
        """Numbers without an end."""
        self.progress = []
        try:
            number = 0
            while True:
                self.progress.append(number)
                yield number
                number += 1
                await asyncio.sleep(0)
        finally:
            self.progress.append("closed")

    @post("told")
    def told(self) -> list:
        """What `endless` has done."""
        return self.progress

    @post("breaks")
    def breaks(self, deliberate: bool = False):
        """One item, then an error."""
        yield 1
        if deliberate:
            raise SteamshipError("No more of it.", suggestion="Ask for less.")
        raise RuntimeError("broke in the middle")

    @post("meet")
    async def meet(self) -> str:
        """Returns when two callers are here."""
        first, self.together = self.together is None, self.together or asyncio.Event()
        if not first:
            self.together.set()
        await self.together.wait()
        return "met"

    @post("page")
    def page(self):
        """A page in pieces."""
        return InvocableResponse(data=iter(["<p>", "ä", "</p>"]), mime_type="text/html")

    @post("hungry")
    def hungry(self):
        """No memory left."""
        raise MemoryError("no bytes left")

    @post("process")
    def process(self) -> int:
        """Which process this is."""
        return own_number()
