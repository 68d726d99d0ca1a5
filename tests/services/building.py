"""An engine's environments where source distributions are built, with an index of the test's own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path

import pytest

from steamship_engine.model.limits import BUILD, MIB, BuildLimits
from steamship_engine.model.network import Network
from steamship_engine.runtime.building.builder import Builder
from steamship_engine.runtime.egress.own import Ports
from steamship_engine.runtime.environments import Environments, keep_wheel
from steamship_engine.runtime.installer import Installer
from steamship_engine.runtime.interpreter import probe
from steamship_engine.runtime.launching import Launcher
from steamship_engine.runtime.layers import Layers
from steamship_engine.runtime.port import Refused, VersionSpec
from steamship_engine.runtime.proving import strongest
from steamship_engine.runtime.scratch import Scratch
from tests.services.runtimes import tiny_wheel
from tests.services.sdists import index, sdist

PORTS = Ports((18080,), 13128)
SMALL = BuildLimits(memory=512 * MIB, scratch=64 * MIB, processes=64)
"""Enough for a small build, and soon used up by another one."""


class Yard:
    """A data folder with an index; make one within a running event loop."""

    def __init__(
        self, folder: Path, layers: Layers, limits: BuildLimits, within_s: float, environ: Mapping[str, str]
    ) -> None:
        self.data, self.index, self.sources = folder / "data", folder / "index", folder / "sources"
        for made in (self.data, self.index, self.sources):
            made.mkdir(exist_ok=True)
        self.environ = {"PATH": os.environ["PATH"], "UV_DEFAULT_INDEX": self.index.as_uri(), **environ}
        self.scratch = Scratch(self.data / "scratch")
        self.launcher = Launcher(layers)
        self.installer = Installer(self.environ, self.data / "cache", 60)
        self.refused: list[Refused] = []
        self.builder = Builder(
            self.launcher,
            self.scratch,
            self.environ,
            Network.INTERNET,
            within_s,
            limits,
            on_refused=self.refused.append,
        )
        self.environments = self.engine(self.builder)
        self.wheel = keep_wheel(tiny_wheel(self.sources), self.data / "wheels")

    def engine(self, builder: Builder | None) -> Environments:
        """An engine's environments, on the same data."""
        return Environments(
            self.data / "environments", self.scratch, self.installer, builds=2, builder=builder
        )

    def offer(self, name: str, act: str = "pass") -> None:
        """Have a source distribution in the index whose build does that, see `sdist`."""
        index(self.index, sdist(self.sources, name, act))

    async def ensure(self, *lines: str, version: VersionSpec | None = None) -> str:
        """The digest of the environment of the lines, and the tiny SDK."""
        return await self.environments.ensure(probe(), lines, self.wheel, version)

    async def packages(self, *lines: str) -> Path:
        """Where the modules of that environment lie."""
        python = self.environments.python(await self.ensure(*lines))
        return next((python.parent.parent / "lib").glob("python3*")) / "site-packages"


Work = Callable[[Yard], Awaitable[None]]


@pytest.fixture(scope="session")
def isolating(tmp_path_factory: pytest.TempPathFactory) -> Layers:
    """The strongest layers that hold here. RuntimeError where none isolates."""
    found = asyncio.run(strongest(tmp_path_factory.mktemp("trial"), PORTS, ()))
    if not found.mode.isolates:
        raise RuntimeError(f"no sandbox that isolates holds on this machine: {found.refused}")
    return Layers.of(found.mode, PORTS)


@pytest.fixture
def yard(tmp_path: Path, isolating: Layers) -> Callable[..., None]:
    """Runs a coroutine function with a yard, see `in_yard`."""
    return partial(in_yard, tmp_path, isolating)


def in_yard(
    folder: Path,
    layers: Layers,
    work: Work,
    *,
    limits: BuildLimits = BUILD,
    within_s: float = 60,
    environ: Mapping[str, str] | None = None,
) -> None:
    """Run the work. Afterwards no process and nothing aside may be left."""

    async def whole() -> None:
        yard = Yard(folder, layers, limits, within_s, environ or {})
        try:
            await work(yard)
            assert not list(yard.scratch._folder.iterdir())
            running = yard.launcher._running
            assert running is None or not running._living
        finally:
            await yard.launcher.close()
            yard.scratch.close()

    asyncio.run(whole())
