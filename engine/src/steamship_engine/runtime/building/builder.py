"""Filling an environment whose requirements have code to be run: all of it happens in a worker that is nobody's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from uv import find_uv_bin

from steamship_engine.model.errors import (
    DeployError,
    InvalidRequirementsError,
    PackageReplyError,
    UnavailableError,
)
from steamship_engine.model.limits import BUILD, MIB, BuildLimits
from steamship_engine.model.network import Network
from steamship_engine.model.states import VersionKind
from steamship_engine.runtime import endings, frames
from steamship_engine.runtime.building.arriving import Arrival
from steamship_engine.runtime.building.index import index_of
from steamship_engine.runtime.building.shares import granted, memory_of_this_machine
from steamship_engine.runtime.building.way import Way
from steamship_engine.runtime.channel import Channel, ChannelClosed
from steamship_engine.runtime.egress.refusal import RefusalError
from steamship_engine.runtime.installer import clean_environment, failure, readable, too_slow
from steamship_engine.runtime.launching import Ground, Launcher
from steamship_engine.runtime.nobody import Nobody, worker_of_nobody
from steamship_engine.runtime.port import Refused, RefusedBy, VersionSpec
from steamship_engine.runtime.recipe import Recipe
from steamship_engine.runtime.scratch import Scratch

_HOME = Path("/scratch")
_TARGET = _HOME / "environment"
_COMPILERS = (Path("/usr/include"), Path("/usr/libexec"))
"""What is to be read where C is compiled, beside what every root has."""

_AT_ONCE, _BYTES_AT_ONCE = 256, 4 * MIB
_OVER = {
    "memory": "took more memory than a build may",
    "processes": "had more processes and threads than a build may",
}


class Builder:
    """Builds in a sandbox that isolates. `environ` is the engine's environment, `network` the most that packages reach.

    A build is ended after `within_s` seconds. `on_refused` is told what its proxy did not let it reach; it must be quick.
    """

    def __init__(
        self,
        launcher: Launcher,
        scratch: Scratch,
        environ: Mapping[str, str],
        network: Network,
        within_s: float,
        limits: BuildLimits = BUILD,
        on_refused: Callable[[Refused], None] = lambda _refused: None,
    ) -> None:
        """Raises WrongIndexError where the environment's package index is none."""
        if not launcher.layers.mode.isolates:
            raise ValueError(f'strangers\' code may not run in the sandbox "{launcher.layers.mode}"')
        self._launcher, self._scratch, self._network = launcher, scratch, network
        self._index = index_of(clean_environment(environ, _HOME / "cache"))
        self._within_s, self._limits, self._on_refused = within_s, limits, on_refused

    async def fill(self, target: Path, recipe: Recipe, version: VersionSpec | None = None) -> None:
        """Install the recipe into the environment `target`, which has nothing yet, from wheels and source distributions.

        `version` is the one that it is made for. Raises InvalidRequirementsError with the last of what was said, UnavailableError.
        """
        try:
            async with (
                asyncio.timeout(self._within_s),
                worker_of_nobody(self._launcher, self._ground(recipe)) as nobody,
            ):
                layers = self._launcher.layers
                denied = partial(self._denied, version)
                with Way(nobody.process, layers.environment, self._index, self._network, denied) as way:
                    said = await self._built(nobody, self._order(way, recipe), target)
                    if said is not None:
                        told = "".join(f"\nThe engine's proxy: {line}" for line in way.refused)
                        raise failure(f"{readable(said)}{told}", built=True)
        except TimeoutError:
            raise too_slow(self._within_s) from None
        except (DeployError, PackageReplyError) as error:
            raise _broken(error.message.rstrip(".")) from None

    def _ground(self, recipe: Recipe) -> Ground:
        limits = granted(self._limits, self._launcher.layers.mode, memory_of_this_machine())
        reads = [Path(find_uv_bin()), *self._index.reads, *_COMPILERS]
        if recipe.wheel is not None:
            reads.append(recipe.wheel)
        place = self._scratch.folder("build")
        # Of an original's kind: nothing is imported for it.
        return Ground(recipe.interpreter.path, None, place, limits, VersionKind.ORIGINAL, reads=reads)

    def _denied(self, version: VersionSpec | None, target: str, error: RefusalError) -> None:
        if version is not None:
            told = Refused(
                RefusedBy.NETWORK, error.why, version.version_id, target=target, author=version.author
            )
            self._on_refused(told)

    async def _built(self, nobody: Nobody, order: frames.Build, target: Path) -> str | None:
        """What was said last if it failed, None if all files are there."""
        arrival = Arrival(target, self._limits)
        process = nobody.process
        try:
            await nobody.channel.send(frames.encode(order))
            return await received(nobody.channel, arrival)
        except ChannelClosed:
            code = await process.exit_code(within=endings.EXIT_WAIT)
            what = _OVER.get(process.why or "") or endings.in_words(code, process.why)
            raise _broken("\n".join([f"The build's process {what}", *nobody.said])) from None
        finally:
            arrival.close()

    def _order(self, way: Way, recipe: Recipe) -> frames.Build:
        uv = find_uv_bin()
        steps = (
            recipe.empty(uv, _TARGET),
            *recipe.installs(uv, _TARGET, builds=True),
            recipe.compiles(_TARGET),
        )
        variables = {
            "PATH": f"{recipe.interpreter.path.parent}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(_HOME),
            "TMPDIR": str(_HOME),
            "UV_CACHE_DIR": str(_HOME / "cache"),
            "LANG": "C.UTF-8",
            **self._index.variables,
            **way.variables,
        }
        return frames.Build(steps=steps, folder=str(_TARGET), environment=variables)


async def received(channel: Channel, arrival: Arrival) -> str | None:
    """Take in what comes, as fast as it can be written."""
    parts: list[tuple[frames.FilePart, bytes]] = []
    size = 0
    while True:
        frame = await channel.receive()
        if type(frame.header) is frames.FilePart:
            parts.append((frame.header, frame.body))
            size += len(frame.body)
            if len(parts) < _AT_ONCE and size < _BYTES_AT_ONCE:
                continue
        elif type(frame.header) is not frames.Built:
            raise frames.wrong_frame(f'"{type(frame.header).__name__}" out of turn')
        await _written(arrival, parts)
        parts, size = [], 0
        if type(frame.header) is frames.Built:
            if frame.header.failed is None:
                arrival.whole()
            return frame.header.failed


async def _written(arrival: Arrival, parts: Sequence[tuple[frames.FilePart, bytes]]) -> None:
    """Raises InvalidRequirementsError, UnavailableError."""
    writing = asyncio.get_running_loop().create_task(asyncio.to_thread(arrival.take, parts))
    writing.add_done_callback(_looked_at)
    try:
        await asyncio.shield(writing)
    except OSError as error:
        raise UnavailableError(
            f"What was built cannot be written: {error.strerror}", suggestion="Tell the operator."
        ) from error
    finally:
        # Whoever gives up waits, too, so that `Arrival.close` need not.
        await asyncio.wait([writing])


def _looked_at(writing: asyncio.Task[None]) -> None:
    """What goes wrong when nobody waits any more is nobody's news."""
    if not writing.cancelled():
        writing.exception()


def _broken(what: str) -> InvalidRequirementsError:
    return InvalidRequirementsError(
        f"The requirements cannot be built: {what}.", suggestion="Name distributions that have a wheel."
    )
