"""Whose turn it is to make an environment, what stays of one that was built, and what ends with the engine."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from steamship_engine.model.errors import BusyError, InvalidRequirementsError, UnavailableError
from steamship_engine.model.states import VersionKind
from steamship_engine.runtime import turns
from steamship_engine.runtime.environments import Environments
from steamship_engine.runtime.interpreter import probe
from steamship_engine.runtime.port import Deployer, VersionSpec
from steamship_engine.runtime.recipe import Recipe
from steamship_engine.runtime.runtime import Runtime
from steamship_engine.runtime.scratch import Scratch

LONG = 60.0


class FakeInstaller:
    """Installs every line but those that say `source`."""

    async def empty(self, target: Path, recipe: Recipe) -> None:
        (target / "bin").mkdir()
        (target / "bin" / "python").symlink_to(recipe.interpreter.path)

    async def fill(self, target: Path, recipe: Recipe) -> None:
        if any("source" in line for line in recipe.lines):
            raise InvalidRequirementsError("There is no wheel.")
        (target / "installed").write_text("\n".join(recipe.lines))


class FakeBuilder:
    """Builds when it is let; `building` are the lines of those that wait for that, `most` how many were at once."""

    def __init__(self) -> None:
        self.let = asyncio.Event()
        self.building: list[tuple[str, ...]] = []
        self.begun = asyncio.Condition()
        self.most = 0
        self.fails = False

    async def fill(self, target: Path, recipe: Recipe, version: VersionSpec | None = None) -> None:
        self.building.append(recipe.lines)
        self.most = max(self.most, len(self.building))
        async with self.begun:
            self.begun.notify_all()
        try:
            await self.let.wait()
            await asyncio.sleep(0)
        finally:
            self.building.remove(recipe.lines)
        if self.fails:
            raise InvalidRequirementsError("It cannot be built.")
        (target / "built").write_text("\n".join(recipe.lines))

    async def busy(self, builds: int) -> None:
        """So many are under way."""
        async with self.begun:
            await self.begun.wait_for(lambda: len(self.building) == builds)


class Desk:
    """An engine's environments; two builds at once."""

    def __init__(self, folder: Path, turn: float) -> None:
        self.folder, self.scratch = folder / "environments", Scratch(folder / "scratch")
        self.builder = FakeBuilder()
        installer: Any = FakeInstaller()
        builder: Any = self.builder
        self.environments = Environments(
            self.folder, self.scratch, installer, builds=2, builder=builder, turn=turn
        )
        self.python = probe()

    async def deploy(self, user: str, *lines: str, attempt: str = "") -> str:
        """The digest of the environment that the user gets."""
        deployer = Deployer(user, attempt) if attempt else Deployer(user)
        version = VersionSpec("V", "b", "", VersionKind.NATIVE, deployer=deployer)
        return await self.environments.ensure(self.python, lines, None, version)

    def begin(self, user: str, *lines: str) -> asyncio.Task[str]:
        return asyncio.create_task(self.deploy(user, *lines))

    def made(self) -> list[str]:
        """The digests of those that are there. No lock file is left."""
        assert list((self.folder / ".locks").iterdir()) == []
        return sorted(path.name for path in self.folder.iterdir() if path.name != ".locks")


At = Callable[[Callable[[Desk], Coroutine[Any, Any, None]], float], None]


@pytest.fixture
def at(tmp_path: Path) -> At:
    """Runs a coroutine function with a desk whose deploys wait so many seconds for their turn."""

    def run(work: Callable[[Desk], Coroutine[Any, Any, None]], turn: float = LONG) -> None:
        async def whole() -> None:
            desk = Desk(tmp_path, turn)
            await work(desk)
            await desk.environments.close()
            assert list(desk.scratch._folder.iterdir()) == []
            desk.scratch.close()

        asyncio.run(whole())

    return run


def test_wheels_pass_builds_that_hang(at: At) -> None:
    """While as many builds as may be do not end, a deploy that needs wheels alone goes through."""

    async def work(desk: Desk) -> None:
        hanging = [desk.begin(f"U-{number}", f"source{number}") for number in range(2)]
        await desk.builder.busy(2)
        assert await desk.deploy("U-3", "wheel") in [path.name for path in desk.folder.iterdir()]
        desk.builder.let.set()
        await asyncio.gather(*hanging)
        assert len(desk.made()) == 3

    at(work, LONG)


def test_a_build_beyond_those_that_may_be_is_refused_in_time(at: At) -> None:
    """A third build waits for its turn, and is told to come back when that is over."""

    async def work(desk: Desk) -> None:
        hanging = [desk.begin(f"U-{number}", f"source{number}") for number in range(2)]
        await desk.builder.busy(2)
        with pytest.raises(BusyError, match='building "2" environments'):
            await desk.deploy("U-3", "source")
        desk.builder.let.set()
        await asyncio.gather(*hanging)
        assert await desk.deploy("U-3", "source")

    at(work, 0)


def test_a_user_has_one_build_at_once(at: At) -> None:
    """The next is refused at once, of other requirements as of the same; wheels, and other users, are not."""

    async def work(desk: Desk) -> None:
        first = desk.begin("U-1", "source")
        await desk.builder.busy(1)
        for line in ("source", "source2"):
            with pytest.raises(BusyError, match='you have "1" deploy') as busy:
                await desk.deploy("U-1", line)
            assert busy.value.suggestion is not None
        await desk.deploy("U-1", "wheel")
        other = desk.begin("U-2", "source2")
        await desk.builder.busy(2)
        desk.builder.let.set()
        await asyncio.gather(first, other)
        assert await desk.deploy("U-1", "source3")

    at(work, LONG)


def test_many_deploys_of_one_set_at_once_are_one_build(at: At) -> None:
    """Whoever else asks for what is being built waits for it; a user's own further deploys do not."""

    async def work(desk: Desk) -> None:
        own = [desk.begin("U-1", "source") for _ in range(10)]
        await desk.builder.busy(1)
        other = desk.begin("U-2", "source")
        refused = await asyncio.gather(*own[1:], return_exceptions=True)
        assert {type(error) for error in refused} == {BusyError}
        desk.builder.let.set()
        assert await own[0] == await other
        assert desk.builder.most == 1

    at(work, LONG)


def test_what_is_built_for_another_for_long_is_not_waited_for(at: At) -> None:
    """Who waits for another deploy's build is told to come back when the time is over."""

    async def work(desk: Desk) -> None:
        first = desk.begin("U-1", "source")
        await desk.builder.busy(1)
        with pytest.raises(BusyError, match="being made for another deploy"):
            await desk.deploy("U-2", "source")
        desk.builder.let.set()
        await first

    at(work, 0)


def test_one_at_a_time_makes_an_environment_though_its_lock_goes(at: At) -> None:
    """Of many who want what cannot be built each tries in its turn, and no lock file is left."""

    async def work(desk: Desk) -> None:
        desk.builder.fails = True
        desk.builder.let.set()
        deploys = [desk.begin(f"U-{number}", "source") for number in range(5)]
        for error in await asyncio.gather(*deploys, return_exceptions=True):
            assert type(error) is InvalidRequirementsError
        assert desk.builder.most == 1
        assert desk.made() == []

    at(work, LONG)


def test_a_lock_that_another_process_has_given_back_meanwhile_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that went between being opened and being locked keeps nobody else away: the one that is there is taken."""
    path, flock, calls = tmp_path / "digest", fcntl.flock, []

    def given_back(lock: int, operation: int) -> None:
        calls.append(operation)
        flock(lock, operation)
        if len(calls) == 1:
            path.unlink()

    monkeypatch.setattr(fcntl, "flock", given_back)

    async def work() -> None:
        async with turns.locked(path, LONG, lambda: None):
            with path.open() as other, pytest.raises(BlockingIOError):
                flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert not path.exists()

    asyncio.run(work())


def test_a_build_ends_with_the_engine(at: At) -> None:
    """The end waits until builds under way have ended, which are told as such; none begins afterwards."""

    async def work(desk: Desk) -> None:
        hanging = desk.begin("U-1", "source")
        await desk.builder.busy(1)
        await desk.environments.close()
        assert desk.builder.building == []
        with pytest.raises(UnavailableError, match="stopping"):
            await hanging
        with pytest.raises(UnavailableError, match="stopping"):
            await desk.deploy("U-1", "wheel")
        assert desk.made() == []

    at(work, LONG)


def test_a_runtime_that_closes_ends_what_is_being_made(tmp_path: Path) -> None:
    """Nothing is being made any more once a runtime has closed."""
    ended = []

    async def endless() -> str:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)
        return ""

    async def work() -> None:
        runtime = Runtime(tmp_path)
        making = asyncio.create_task(runtime._environments._until_closed(endless()))
        while not runtime._environments._under_way:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        await runtime.close()
        assert ended == [True]
        with pytest.raises(UnavailableError, match="stopping"):
            await making

    asyncio.run(work())


def test_a_deploy_that_is_cancelled_ends_its_build(at: At) -> None:
    """Whoever gives up takes the build along."""

    async def work(desk: Desk) -> None:
        hanging = desk.begin("U-1", "source")
        await desk.builder.busy(1)
        hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging
        assert desk.builder.building == []
        assert desk.made() == []

    at(work, LONG)


def test_what_was_built_goes_with_the_deploy_that_fails(at: At) -> None:
    """A built environment goes when no attempt has it any more; one of wheels stays, for the next deploy."""

    async def work(desk: Desk) -> None:
        desk.builder.let.set()
        wheels = await desk.deploy("U-1", "wheel", attempt="A-1")
        await desk.environments.discard("A-1")
        assert desk.made() == [wheels]
        built = await desk.deploy("U-1", "source", attempt="A-2")
        assert await desk.deploy("U-2", "source", attempt="A-3") == built
        await desk.environments.discard("A-2")
        await desk.environments.discard("A-2")
        assert built in desk.made()
        await desk.environments.discard("A-3")
        assert desk.made() == [wheels]
        assert await desk.deploy("U-2", "source", attempt="A-4") == built
        assert built in desk.made()

    at(work, LONG)


def test_what_an_earlier_engine_built_stays(at: At, tmp_path: Path) -> None:
    """A version may have it: of what was there before this engine, a failed deploy takes nothing away."""

    async def work(desk: Desk) -> None:
        desk.builder.let.set()
        built = await desk.deploy("U-1", "source", attempt="A-1")
        later = Desk(tmp_path, LONG)
        assert await later.deploy("U-1", "source", attempt="A-2") == built
        await later.environments.discard("A-2")
        assert desk.made() == [built]
        later.scratch.close()

    at(work, LONG)
