"""Calls that run until a test lets them go."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from msgspec import structs

from steamship_engine.runtime.port import InstanceSpec
from tests.services.runtimes import Bench, request

GATED = """
import os, pathlib, time
from steamship.invocable import PackageService, post

class Gated(PackageService):
    @post("pid")
    def pid(self) -> int:
        return os.getpid()

    @post("wait")
    def wait(self, folder: str) -> int:
        (pathlib.Path(folder) / "begun").touch()
        while not (pathlib.Path(folder) / "go").exists():
            time.sleep(0.01)
        return os.getpid()
"""


class Held:
    """A call that runs until it is let go."""

    def __init__(
        self, bench: Bench, instance: InstanceSpec, folder: Path, above: tuple[str, ...] = ()
    ) -> None:
        folder.mkdir()
        self._folder = folder
        body = json.dumps({"folder": str(folder)}).encode()
        asked = structs.replace(request("POST", "/wait", body), above=above)
        self.id = asked.call
        self.answer = asyncio.create_task(bench.send(instance, asked))

    async def begun(self, bench: Bench) -> None:
        await bench.until((self._folder / "begun").exists)

    async def let_go(self) -> int:
        (self._folder / "go").touch()
        pid: int = (await self.answer).json
        return pid
