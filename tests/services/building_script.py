"""Makes one environment from source distributions, as whoever runs this: `FOLDER INDEX WHEEL MODE REQUIREMENT`.

Imports the engine alone, so that an ordinary user of another environment can run it. Writes the environment's folder.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from steamship_engine.model.network import Network
from steamship_engine.model.sandbox import SandboxMode
from steamship_engine.runtime.building.builder import Builder
from steamship_engine.runtime.egress.own import Ports
from steamship_engine.runtime.environments import Environments, keep_wheel
from steamship_engine.runtime.installer import Installer
from steamship_engine.runtime.interpreter import probe
from steamship_engine.runtime.launching import Launcher
from steamship_engine.runtime.layers import Layers
from steamship_engine.runtime.scratch import Scratch

_WITHIN_S = 60


async def main(folder: Path, index: str, wheel: Path, mode: SandboxMode, requirement: str) -> None:
    """Make it."""
    environ = {"UV_DEFAULT_INDEX": index}
    scratch = Scratch(folder / "scratch")
    launcher = Launcher(Layers.of(mode, Ports((18080,), 13128)))
    builder = Builder(launcher, scratch, environ, Network.INTERNET, _WITHIN_S)
    installer = Installer(environ, folder / "cache", _WITHIN_S)
    environments = Environments(folder / "environments", scratch, installer, builds=1, builder=builder)
    try:
        digest = await environments.ensure(probe(), [requirement], keep_wheel(wheel, folder / "wheels"))
        sys.stdout.write(f"{environments.python(digest).parent.parent}\n")
    finally:
        await launcher.close()
        scratch.close()


if __name__ == "__main__":
    folder, index, wheel, mode, requirement = sys.argv[1:]
    asyncio.run(main(Path(folder), index, Path(wheel), SandboxMode(mode), requirement))
