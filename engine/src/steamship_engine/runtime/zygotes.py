"""The zygotes of this engine: one for what may share one, started when it is first asked for a worker."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from steamship_engine.model.errors import DeployError, UnavailableError
from steamship_engine.model.limits import RuntimeLimits
from steamship_engine.model.network import Network
from steamship_engine.runtime import trees
from steamship_engine.runtime.compiling import Compiling
from steamship_engine.runtime.environments import Environments
from steamship_engine.runtime.frames import Log
from steamship_engine.runtime.head_starts import HeadStarts
from steamship_engine.runtime.launching import Ground, Inspection, Launcher
from steamship_engine.runtime.port import VersionSpec
from steamship_engine.runtime.processes import WorkerProcess, ZygoteProcess
from steamship_engine.runtime.scratch import Scratch
from steamship_engine.runtime.spares import Spares
from steamship_engine.runtime.warming import Warming

Key = tuple[Any, ...]
_PROBLEMS_REMEMBERED = 10_000


class _Zygote:
    """One that waits for orders. `coming` workers are on their way; `retired`, it gets no more of them."""

    def __init__(self, version: VersionSpec, process: ZygoteProcess, memory: int) -> None:
        self.version, self.process, self.memory = version, process, memory
        self.workers: set[WorkerProcess] = set()
        self.coming = 0
        self.retired = False

    @property
    def idle(self) -> bool:
        return not self.workers and not self.coming


class Zygotes:
    """Forks workers of versions. What makes two versions' zygotes the same: code, environment, handler and limits.

    `on_log` gets what is printed while a version is imported for all its workers. `on_crowded` is told, when
    zygotes take more memory than they may and all have workers, those of the one used longest ago: each that is
    idle should be put to sleep. `on_unfit` is told of each process that was not let become a worker, and why.
    """

    def __init__(
        self,
        limits: RuntimeLimits,
        environments: Environments,
        folder: Callable[[str], Path],
        scratch: Scratch,
        launcher: Launcher,
        on_log: Callable[[VersionSpec, Log], None],
        on_crowded: Callable[[Sequence[WorkerProcess]], None] = lambda _workers: None,
        on_unfit: Callable[[VersionSpec, str], None] = lambda _version, _why: None,
    ) -> None:
        self._limits, self._environments, self._folder = limits, environments, folder
        self._scratch, self._launcher = scratch, launcher
        self._on_log, self._on_crowded, self._on_unfit = on_log, on_crowded, on_unfit
        self._zygotes: OrderedDict[Key, _Zygote] = OrderedDict()
        self._warming: dict[Key, asyncio.Task[_Zygote]] = {}
        self._problems: OrderedDict[Key, tuple[str, ...]] = OrderedDict()
        self._spares: Spares[_Zygote] = Spares(limits.spares, self._born)
        self._compiling = Compiling()
        self._head_starts = HeadStarts(self._without_code)
        self._background: set[asyncio.Task[None]] = set()

    async def worker(self, version: VersionSpec) -> WorkerProcess:
        """A new worker of the version that knows nothing yet, to be ended with `ended`.

        Raises DeployError when the import fails, PackageReplyError, UnavailableError.
        """
        try:
            return await self._forked(version)
        except UnavailableError:
            # The zygote ended in between: another one may be luckier, once.
            return await self._forked(version)

    def expect_another(self, version: VersionSpec) -> None:
        """Soon a version like this one will probably be deployed: be ready."""
        self._head_starts.prepare(version)

    def shared(self, version: VersionSpec) -> tuple[str, ...]:
        """Why the version's workers import it each for itself, in clauses; nothing where they share one import.

        Known after the first worker.
        """
        return self._problems.get(_key(version), ())

    def count(self) -> int:
        """How many live, those that start included."""
        return len(self._zygotes) + len(self._warming)

    async def forget(self, bundle: str) -> None:
        """No version has the bundle any more: end its zygotes, with what is left of their workers."""
        keys = [key for key in self._zygotes if key[0] == bundle]
        for key in [key for key in self._problems if key[0] == bundle]:
            del self._problems[key]
        await asyncio.gather(*(self._end(self._zygotes.pop(key)) for key in keys))

    async def close(self) -> None:
        """End all of them."""
        warming = list(self._warming.values())
        for task in warming:
            task.cancel()
        await asyncio.gather(*warming, return_exceptions=True)
        zygotes, self._zygotes = self._zygotes, OrderedDict()
        await self._compiling.close()
        await self._spares.close()
        await self._head_starts.close()
        await asyncio.gather(*(zygote.process.ended() for zygote in zygotes.values()))
        await asyncio.gather(*self._background)

    async def _forked(self, version: VersionSpec) -> WorkerProcess:
        zygote = await self._warm(version)
        zygote.coming += 1
        try:
            worker = await self._spares.take(zygote) or await self._born(zygote)
        except UnavailableError:
            self._retire(version, zygote)
            raise
        finally:
            zygote.coming -= 1
        if not zygote.coming:
            self._spares.prepare(zygote)
        zygote.workers.add(worker)
        worker.on_exit(partial(self._left, zygote, worker))
        return worker

    async def _born(self, zygote: _Zygote) -> WorkerProcess:
        on_unfit = partial(self._on_unfit, zygote.version)
        return await self._launcher.worker(zygote.process, zygote.version.limits, on_unfit)

    async def _warm(self, version: VersionSpec) -> _Zygote:
        """The version's zygote, made once for all who ask meanwhile."""
        key = _key(version)
        zygote = self._zygotes.get(key)
        if zygote is not None:
            self._zygotes.move_to_end(key)
            return zygote
        task = self._warming.get(key)
        if task is None:
            task = self._warming[key] = asyncio.get_running_loop().create_task(self._make(key, version))
        # An asker who leaves leaves it to the others, or to the next.
        return await asyncio.shield(task)

    async def _make(self, key: Key, version: VersionSpec) -> _Zygote:
        try:
            zygote = await self._tried(key, version)
            self._compiling.begin(self._environments.python(version.environment))
        finally:
            del self._warming[key]
        self._zygotes[key] = zygote
        zygote.process.on_exit(partial(self._ended, key, zygote))
        self._trim(key)
        return zygote

    async def _tried(self, key: Key, version: VersionSpec) -> _Zygote:
        """One that has imported the version, or, where that may not be shared, one that has not."""
        if key not in self._problems:
            process, found = await self._attempt(version, share=True)
            if not found.problems:
                return _Zygote(version, process, found.memory)
            # Where bundles lie is the operator's business.
            self._problems[key] = tuple(problem.replace(f"{process.code}/", "") for problem in found.problems)
            if len(self._problems) > _PROBLEMS_REMEMBERED:
                self._problems.popitem(last=False)
            await process.ended()
        process, found = await self._attempt(version, share=False)
        if found.problems:
            await process.ended()
            raise DeployError(
                f"The package's environment cannot be shared by workers: {', '.join(found.problems)}.",
                suggestion="Leave out requirements that start threads or open files when Python starts.",
            )
        return _Zygote(version, process, found.memory)

    async def _attempt(self, version: VersionSpec, *, share: bool) -> tuple[ZygoteProcess, Inspection]:
        process = await self._with_head_start(version)
        if process is None:
            process = await self._started(version, self._folder(version.bundle))
        warming = Warming(self._launcher, self._limits, partial(self._on_log, version))
        return process, await warming.warm(process, version, share=share)

    async def _started(self, version: VersionSpec, code: Path) -> ZygoteProcess:
        """A process that sees the folder `code`."""
        ground = Ground(
            self._environments.python(version.environment),
            code,
            self._scratch.folder("zygote"),
            version.limits,
            version.kind,
            network=version.network is not Network.HOST,
        )
        return await self._launcher.zygote(ground)

    async def _without_code(self, version: VersionSpec) -> ZygoteProcess:
        """A process whose folder is empty as yet: in a sandbox it sees from its start what it will ever see."""
        code = self._scratch.folder("code")
        try:
            process = await self._started(version, code)
        except UnavailableError:
            await asyncio.to_thread(trees.remove, code)
            raise
        process.owns_code = True
        return process

    async def _with_head_start(self, version: VersionSpec) -> ZygoteProcess | None:
        """The process that waits for such a version, with the version's code in its folder."""
        process = await self._head_starts.take(version)
        if process is None or process.code is None:
            return None
        try:
            await asyncio.to_thread(trees.link, self._folder(version.bundle), process.code)
        except OSError:
            # A file system without hard links, or no space.
            await process.ended()
            return None
        except BaseException:
            await process.ended()
            raise
        return process

    def _trim(self, kept: Key) -> None:
        """Make room for the newest one: idle zygotes end, the ones used longest ago first."""
        for key, zygote in list(self._zygotes.items()):
            if not self._crowded():
                return
            if key != kept and zygote.idle:
                del self._zygotes[key]
                self._in_background(self._end(zygote))
        busy = next((zygote for key, zygote in self._zygotes.items() if key != kept), None)
        if busy is not None and self._crowded():
            self._on_crowded(tuple(busy.workers))

    def _crowded(self) -> bool:
        memory = sum(zygote.memory for zygote in self._zygotes.values())
        return memory > self._limits.zygote_memory or len(self._zygotes) > self._limits.zygotes

    def _retire(self, version: VersionSpec, zygote: _Zygote) -> None:
        """Something is wrong with it: the next worker comes from another one."""
        key = _key(version)
        if self._zygotes.get(key) is zygote:
            del self._zygotes[key]
        zygote.retired = True
        self._end_if_done(zygote)

    def _left(self, zygote: _Zygote, worker: WorkerProcess) -> None:
        zygote.workers.discard(worker)
        self._end_if_done(zygote)
        if zygote.idle and self._crowded():
            self._trim(next(reversed(self._zygotes), ()))

    def _end_if_done(self, zygote: _Zygote) -> None:
        if zygote.retired and not zygote.workers and zygote.process.alive:
            self._in_background(self._end(zygote))

    def _ended(self, key: Key, zygote: _Zygote) -> None:
        if self._zygotes.get(key) is zygote:
            del self._zygotes[key]
            self._in_background(self._end(zygote))

    async def _end(self, zygote: _Zygote) -> None:
        self._spares.drop(zygote)
        await zygote.process.ended()

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def _key(version: VersionSpec) -> Key:
    limits = version.limits
    return (
        version.bundle,
        version.environment,
        version.kind,
        version.handler,
        version.network is Network.HOST,
        (limits.memory, limits.processes, limits.files, limits.scratch, limits.concurrency),
    )
