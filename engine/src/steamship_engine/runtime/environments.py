"""Environments: one folder per digest of interpreter, requirements and SDK; made once, never changed.

An original's has no SDK of ours: only what its requirements name.

`{data}/environments/{digest}` is made aside and renamed, under a lock file that other engine processes on
the same data folder honour too. One that had to be built goes again where no version comes of it. The SDK's wheel is kept in `{data}/wheels/{digest}/`, so that another engine
version with another SDK makes other environments and leaves the old ones as they are.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from email.parser import Parser
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from packaging.requirements import Requirement
from packaging.utils import parse_wheel_filename

from steamship_engine.model.errors import InvalidRequirementsError, UnavailableError
from steamship_engine.model.limits import RUNTIME
from steamship_engine.runtime import trees
from steamship_engine.runtime.building.builder import Builder
from steamship_engine.runtime.installer import Installer
from steamship_engine.runtime.interpreter import Interpreter
from steamship_engine.runtime.port import VersionSpec
from steamship_engine.runtime.recipe import Recipe
from steamship_engine.runtime.scratch import Scratch
from steamship_engine.runtime.turns import OneEach, Places, locked

_RECORD = "environment.json"
Fill = Callable[[Path, Recipe], Awaitable[None]]
"""Installs a recipe into an environment that has nothing yet."""


@dataclass(frozen=True)
class Wheel:
    """A kept wheel of our SDK.

    `serving` is what it requires beside a package's code, its extra of that name; None where it has none. The
    command line's libraries are not among it: an environment without them is made in half the time.
    """

    path: Path
    digest: str
    version: str
    serving: tuple[str, ...] | None = None


class Environments:
    """The folder of environments. Without a `builder` they are made of wheels alone.

    At most `builds` are made of wheels at once, and as many built; who waits longer than `turn` seconds is refused.
    """

    def __init__(
        self,
        root: Path,
        scratch: Scratch,
        installer: Installer,
        *,
        builds: int,
        builder: Builder | None = None,
        turn: float = RUNTIME.turn,
    ) -> None:
        self._root, self._scratch, self._installer, self._builder = root, scratch, installer, builder
        self._locks = root / ".locks"
        self._locks.mkdir(parents=True, exist_ok=True)
        self._turn = turn
        self._installs = Places(builds, turn, "installing")
        self._builds = Places(builds, turn, "building")
        self._one_each = OneEach()
        self._built: dict[str, set[str]] = {}
        """Of each environment that was built since the engine's start: the attempts at versions that have it."""
        self._under_way: set[asyncio.Task[str]] = set()
        self._closed = False

    async def ensure(
        self,
        interpreter: Interpreter,
        lines: Sequence[str],
        wheel: Wheel | None,
        version: VersionSpec | None = None,
    ) -> str:
        """Find or make the environment, with our SDK if there is a wheel; its digest. `version` is the one that asks.

        Raises InvalidRequirementsError, UnavailableError; BusyError where others are being made for too long, or its
        user has another one built.
        """
        digest = environment_digest(interpreter, lines, wheel)
        built = environment_digest(interpreter, lines, wheel, built=True)
        for known in (digest, built) if self._builder is not None else (digest,):
            if (self._root / known).is_dir():
                self._hold(known, version)
                return known
        path, serving = (None, None) if wheel is None else (wheel.path, wheel.serving)
        recipe = Recipe(interpreter, tuple(lines), path, serving)
        record: dict[str, object] = {
            "interpreter": interpreter.identity,
            "requirements": list(lines),
            "sdk": None if wheel is None else wheel.digest,
        }
        if self._closed:
            raise _stopping()
        return await self._until_closed(self._made(digest, built, recipe, record, version))

    async def discard(self, attempt: str) -> None:
        """No version came of the attempt: what was built for it alone goes."""
        for digest, attempts in list(self._built.items()):
            attempts.discard(attempt)
            if attempts:
                continue
            del self._built[digest]
            aside = self._scratch.folder("discarded")
            # Nobody finds it any more from here on, and whoever asks for it next makes another one.
            trees.move(self._root / digest, aside)
            await asyncio.to_thread(trees.remove, aside)

    async def close(self) -> None:
        """End what is being made, and wait for that. No further one is made."""
        self._closed = True
        for work in self._under_way:
            work.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def python(self, digest: str) -> Path:
        """The environment's interpreter. Raises UnavailableError when it is not here."""
        path = self._root / digest / "bin" / "python"
        if not digest or not path.exists():
            raise UnavailableError(
                f'The environment "{digest}" is not on this engine, or its interpreter is gone.',
                suggestion="Deploy the version again.",
            )
        return path

    async def _until_closed(self, making: Coroutine[Any, Any, str]) -> str:
        """What it gives. Raises UnavailableError where `close` has ended it."""
        work = asyncio.get_running_loop().create_task(making)
        self._under_way.add(work)
        work.add_done_callback(self._under_way.discard)
        try:
            return await work
        except asyncio.CancelledError:
            asking = asyncio.current_task()
            if not self._closed or (asking is not None and asking.cancelling()):
                raise
            raise _stopping() from None

    async def _made(
        self, digest: str, built: str, recipe: Recipe, record: dict[str, object], version: VersionSpec | None
    ) -> str:
        user_id = None if version is None or version.deployer is None else version.deployer.user_id
        check = partial(self._one_each.refuse_again, user_id, built)
        # The lock comes first: whoever asks for the same takes no place from those who ask for something else.
        async with locked(self._locks / digest, self._turn, check):
            try:
                async with self._installs.place():
                    await self._ensured(digest, recipe, {**record, "built": False}, self._installer.fill)
                return digest
            except InvalidRequirementsError:
                if self._builder is None:
                    raise
            fill = partial(self._builder.fill, version=version)
            with self._one_each.build(user_id, built):
                async with self._builds.place():
                    await self._ensured(built, recipe, {**record, "built": True}, fill, version)
            return built

    async def _ensured(
        self,
        digest: str,
        recipe: Recipe,
        record: dict[str, object],
        fill: Fill,
        version: VersionSpec | None = None,
    ) -> None:
        """Make it, unless it is there."""
        final = self._root / digest
        if final.is_dir():
            self._hold(digest, version)
            return
        aside = self._scratch.folder("environment")
        try:
            await self._installer.empty(aside, recipe)
            # Its name is taken, whatever the distributions have.
            (aside / _RECORD).touch()
            await fill(aside, recipe)
            (aside / _RECORD).write_text(json.dumps(record, indent=2))
            await asyncio.to_thread(trees.freeze, aside)
            trees.place(aside, final)
            if record["built"]:
                self._built[digest] = set()
                self._hold(digest, version)
        finally:
            await asyncio.to_thread(trees.remove, aside)

    def _hold(self, digest: str, version: VersionSpec | None) -> None:
        """The attempt has that environment, which stays where anybody has it who does not say otherwise."""
        if digest in self._built:
            deployer = None if version is None else version.deployer
            self._built[digest].add("" if deployer is None else deployer.attempt)


def environment_digest(
    interpreter: Interpreter, lines: Sequence[str], wheel: Wheel | None, *, built: bool = False
) -> str:
    """The name of the environment that these three make; the order of `lines` does not matter.

    One that wheels alone cannot make has another name: where builds are not allowed, it is not to be found.
    """
    parts: list[object] = [interpreter.identity, sorted(lines), None if wheel is None else wheel.digest]
    return hashlib.sha256(json.dumps([*parts, "built"] if built else parts).encode()).hexdigest()


def keep_wheel(source: Path, root: Path) -> Wheel:
    """Copy the SDK's wheel into `root` under its digest, unless it is there. Blocking."""
    try:
        content = source.read_bytes()
        version = str(parse_wheel_filename(source.name)[1])
        serving = _serving(content)
    except (OSError, ValueError, BadZipFile) as error:
        raise UnavailableError(
            f'"{source}" is no wheel of the SDK: {error}', suggestion="Run `make setup`, which makes it."
        ) from error
    digest = hashlib.sha256(content).hexdigest()
    final = root / digest / source.name
    if not final.is_file():
        final.parent.mkdir(parents=True, exist_ok=True)
        aside = final.with_suffix(f".{os.getpid()}")
        aside.write_bytes(content)
        aside.chmod(0o444)
        aside.replace(final)
    return Wheel(final, digest, version, serving)


def _serving(wheel: bytes) -> tuple[str, ...] | None:
    """The requirements of a wheel's extra `serving`; None when it has no such extra."""
    with ZipFile(BytesIO(wheel)) as archive:
        name = next((name for name in archive.namelist() if name.endswith(".dist-info/METADATA")), None)
        if name is None:
            raise ValueError("it has no metadata")
        metadata = Parser().parsestr(archive.read(name).decode())
    if "serving" not in (metadata.get_all("Provides-Extra") or []):
        return None
    lines = []
    for requirement in map(Requirement, metadata.get_all("Requires-Dist") or []):
        marker, requirement.marker = requirement.marker, None
        # What is required without the extra as well is the rest, such as the command line's libraries.
        if (
            marker is not None
            and marker.evaluate({"extra": "serving"})
            and not marker.evaluate({"extra": ""})
        ):
            lines.append(str(requirement))
    return tuple(sorted(lines))


def _stopping() -> UnavailableError:
    return UnavailableError(
        "The engine is stopping.", suggestion="Deploy again when it is back.", stopping=True
    )
