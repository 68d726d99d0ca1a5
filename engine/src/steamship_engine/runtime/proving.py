"""Which sandbox this machine has: a worker tries what must be impossible, and the launcher looks at it from outside."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from steamship_engine.model.errors import SteamshipError
from steamship_engine.model.sandbox import Sandbox, SandboxMode
from steamship_engine.model.version_limits import VersionLimits
from steamship_engine.runtime import frames
from steamship_engine.runtime.egress.own import Ports
from steamship_engine.runtime.interpreter import for_natives
from steamship_engine.runtime.launching import Ground, Launcher
from steamship_engine.runtime.layers import Layers
from steamship_engine.runtime.nobody import worker_of_nobody
from steamship_engine.runtime.scratch import Scratch

_PLACES = ("/", "/usr/lib", "/etc", "/dev")


async def strongest(data: Path, ports: Ports, pythons: Sequence[Path]) -> Sandbox:
    """The strongest mode that holds here, `none` where nothing does. `data` is the engine's data folder."""
    refused: list[tuple[SandboxMode, str]] = []
    for mode in SandboxMode:
        if mode is SandboxMode.NONE:
            break
        problems = await problems_of(Layers.of(mode, ports), data, pythons)
        if not problems:
            return Sandbox(mode, tuple(refused))
        refused.append((mode, "; ".join(problems)))
    return Sandbox(SandboxMode.NONE, tuple(refused))


async def problems_of(layers: Layers, data: Path, pythons: Sequence[Path]) -> tuple[str, ...]:
    """Why the layers do not hold here, in clauses; nothing where they do, and of `none` nothing is asked."""
    if layers.mode is SandboxMode.NONE:
        return ()
    interpreter = await asyncio.to_thread(for_natives, pythons)
    scratch = Scratch(data / "scratch")
    launcher = Launcher(layers)
    try:
        with ExitStack() as stack:
            return await _tried(launcher, scratch, interpreter.path, _trials(layers, data, stack))
    except SteamshipError as error:
        return (error.message.rstrip("."),)
    finally:
        await launcher.close()
        scratch.close()


async def _tried(launcher: Launcher, scratch: Scratch, python: Path, trials: frames.Try) -> tuple[str, ...]:
    ground = Ground(python, None, scratch.folder("trial"), VersionLimits())
    async with worker_of_nobody(launcher, ground) as nobody:
        return await nobody.opening.attempt(trials)


def _trials(layers: Layers, data: Path, stack: ExitStack) -> frames.Try:
    """What there is to try. The machine's ports that must not be reached are open as long as `stack`."""
    files = (*data.glob("*.key"), *data.glob("*.db"))
    secrets = ("/etc/shadow", f"/proc/{os.getpid()}/environ", *map(str, files))
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    port = listener.getsockname()[1]
    echo = stack.enter_context(_echo())
    return frames.Try(
        secrets=secrets,
        places=(*_PLACES, str(data)),
        # The first of all processes, which an engine may be in a container, a worker is for itself as well.
        strangers=tuple(pid for pid in (os.getpid(), os.getppid()) if pid > 1),
        closed=(
            *((kind, "127.0.0.1", port) for kind in ("TCP", "TCP fast open", "multipath TCP")),
            ("UDP", "127.0.0.1", echo),
        ),
        open=tuple(layers.ports) if layers.namespaces else (),
    )


@contextmanager
def _echo() -> Iterator[int]:
    """A port of this machine that answers over UDP."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        end.bind(("127.0.0.1", 0))
        end.setblocking(False)
        loop.add_reader(end.fileno(), _answer, end)
        try:
            yield end.getsockname()[1]
        finally:
            loop.remove_reader(end.fileno())


def _answer(end: socket.socket) -> None:
    with suppress(BlockingIOError):
        said, address = end.recvfrom(1)
        end.sendto(said, address)
