"""Environments: one folder per digest of interpreter, requirements and SDK; made once, never changed.

An original's has no SDK of ours: only what its requirements name.

`{data}/environments/{digest}` is made aside and renamed, under a lock file that other engine processes on
the same data folder honour too. The SDK's wheel is kept in `{data}/wheels/{digest}/`, so that another engine
version with another SDK makes other environments and leaves the old ones as they are.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.parser import Parser
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from packaging.requirements import Requirement
from packaging.utils import parse_wheel_filename

from steamship_engine.model.errors import InvalidRequirementsError, UnavailableError
from steamship_engine.runtime import trees
from steamship_engine.runtime.building.builder import Builder
from steamship_engine.runtime.installer import Installer
from steamship_engine.runtime.interpreter import Interpreter
from steamship_engine.runtime.recipe import Recipe
from steamship_engine.runtime.scratch import Scratch

_LOCK_POLL = 0.05
_RECORD = "environment.json"


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
    """The folder of environments. Without a `builder` they are made of wheels alone."""

    def __init__(
        self,
        root: Path,
        scratch: Scratch,
        installer: Installer,
        *,
        builds: int,
        builder: Builder | None = None,
    ) -> None:
        self._root, self._scratch, self._installer, self._builder = root, scratch, installer, builder
        self._locks = root / ".locks"
        self._locks.mkdir(parents=True, exist_ok=True)
        self._slots = asyncio.Semaphore(builds)

    async def ensure(self, interpreter: Interpreter, lines: Sequence[str], wheel: Wheel | None) -> str:
        """Find or make the environment, with our SDK if there is a wheel; its digest. Raises InvalidRequirementsError, UnavailableError."""
        digest = environment_digest(interpreter, lines, wheel)
        built = environment_digest(interpreter, lines, wheel, built=True)
        for known in (digest, built) if self._builder is not None else (digest,):
            if (self._root / known).is_dir():
                return known
        async with self._slots, _locked(self._locks / digest):
            try:
                await self._ensured(digest, interpreter, lines, wheel, None)
            except InvalidRequirementsError:
                if self._builder is None:
                    raise
                await self._ensured(built, interpreter, lines, wheel, self._builder)
                return built
        return digest

    def python(self, digest: str) -> Path:
        """The environment's interpreter. Raises UnavailableError when it is not here."""
        path = self._root / digest / "bin" / "python"
        if not digest or not path.exists():
            raise UnavailableError(
                f'The environment "{digest}" is not on this engine, or its interpreter is gone.',
                suggestion="Deploy the version again.",
            )
        return path

    async def _ensured(
        self,
        digest: str,
        interpreter: Interpreter,
        lines: Sequence[str],
        wheel: Wheel | None,
        builder: Builder | None,
    ) -> None:
        """Make it, unless it is there; what has no wheel by the `builder`, if there is one."""
        final = self._root / digest
        if final.is_dir():
            return
        path, serving = (None, None) if wheel is None else (wheel.path, wheel.serving)
        recipe = Recipe(interpreter, tuple(lines), path, serving)
        aside = self._scratch.folder("environment")
        try:
            await self._installer.empty(aside, recipe)
            # Its name is taken, whatever the distributions have.
            (aside / _RECORD).touch()
            await (builder or self._installer).fill(aside, recipe)
            record = {
                "interpreter": interpreter.identity,
                "requirements": list(lines),
                "sdk": None if wheel is None else wheel.digest,
                "built": builder is not None,
            }
            (aside / _RECORD).write_text(json.dumps(record, indent=2))
            await asyncio.to_thread(trees.freeze, aside)
            trees.place(aside, final)
        finally:
            await asyncio.to_thread(trees.remove, aside)


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


@asynccontextmanager
async def _locked(path: Path) -> AsyncIterator[None]:
    """Hold the lock file, against other tasks and other processes. Polled, so that waiting can be cancelled."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                await asyncio.sleep(_LOCK_POLL)
            else:
                break
        yield
    finally:
        os.close(lock)
