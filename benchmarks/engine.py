"""Our engine as a server under measurement: a real `ship serve`, and the package `greeting` deployed to it."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.processes import descendants, end_all, on_cores
from benchmarks.servers import NotRunError, check_greeting, greeting
from benchmarks.wrk import Target

from steamship import Steamship
from tests.services.command_line import CommandLine
from tests.services.engine import EngineProcess

if TYPE_CHECKING:
    from steamship.data.package.package_instance import PackageInstance

PACKAGE = "greeting"
_SOURCE = Path(__file__).with_name(PACKAGE)
_SLEEP_S = 20.0


class Engine:
    """One engine in a folder of its own, with a first user and the package deployed by `ship deploy`."""

    name = "steamship"

    def __init__(self, flags: Mapping[str, Any] | None = None) -> None:
        """An engine that is yet to be started, with those flags of `ship serve`."""
        self._flags = dict(flags or {})
        self._process: EngineProcess | None = None
        self._home = Path()
        self._target: Target | None = None

    def start(self, cores: Sequence[int], folder: Path) -> None:
        """Start it on those cores, its home, data and package in `folder`, and deploy."""
        self._home = folder / "home"
        shutil.copytree(_SOURCE, self.source, ignore=shutil.ignore_patterns("__pycache__"))
        try:
            with on_cores(cores):
                self._process = EngineProcess(self._home, self._home / "data", self._flags, {})
        except RuntimeError as error:
            raise NotRunError(f"the engine did not start: {str(error).strip().splitlines()[-1]}") from None
        try:
            self.deploy()
        except BaseException:
            self.stop()
            raise

    @property
    def process(self) -> EngineProcess:
        """The running process."""
        assert self._process is not None, "the engine is not running"
        return self._process

    @property
    def source(self) -> Path:
        """The package's folder, this engine's own copy."""
        return self._home / PACKAGE

    @property
    def data(self) -> Path:
        """The folder of all that the engine keeps."""
        return self._home / "data"

    def deploy(self, version: str | None = None) -> None:
        """`ship deploy` of the package as it stands in `source`, as that version."""
        if version is not None:
            manifest = self.source / "steamship.json"
            manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"version": version}))
        done = CommandLine(self._home, self.source).tried("deploy")
        if done.code:
            raise NotRunError(f"`ship deploy` failed: {(done.err or done.out).strip()}")

    def use(self, handle: str, **more: Any) -> PackageInstance:
        """`Steamship.use` of the package, as a program of the first user would call it."""
        process = self.process
        return Steamship.use(
            PACKAGE,
            handle,
            api_key=process.key,
            api_base=process.api_base,
            app_base=process.app_base,
            web_base=process.web_base,
            **more,
        )

    def target_of(self, instance: PackageInstance) -> Target:
        """Where an instance's `greet` is."""
        assert instance.invocation_url is not None, "an instance of this engine has an address"
        return greeting(f"{instance.invocation_url.rstrip('/')}/greet", self.process.key)

    def target(self) -> Target:
        """Where the `greet` of one instance is, which is made when it is first asked for."""
        if self._target is None:
            self._target = self.target_of(self.use("warm"))
            check_greeting(self._target)
        return self._target

    def put_to_sleep(self, instance: PackageInstance) -> None:
        """End the instance's workers and wait until they are gone; its next call wakes it."""
        instance.client.post("package/instance/restart", {"id": instance.id})
        deadline = time.monotonic() + _SLEEP_S
        while time.monotonic() < deadline:
            if not self.workers_of(instance):
                return
            time.sleep(0.005)
        raise NotRunError(f'a worker of "{instance.handle}" still lives {_SLEEP_S:.0f} s after a restart')

    def workers_of(self, instance: PackageInstance) -> list[int]:
        """The ids of the instance's living workers."""
        workers = instance.client.post("package/instance/workers", {"id": instance.id})["workers"]
        return [worker["pid"] for worker in workers if worker["state"] != "stopped"]

    def stop(self) -> None:
        """End it and all that it has started."""
        if self._process is None:
            return
        below = descendants(self._process.pid)
        try:
            self._process.stop()
        finally:
            end_all(below)
            self._process, self._target = None, None


@contextmanager
def running(cores: Sequence[int], folder: Path, **flags: Any) -> Iterator[Engine]:
    """A fresh engine for the length of the block."""
    folder.mkdir(parents=True)
    engine = Engine(flags)
    engine.start(cores, folder)
    try:
        yield engine
    finally:
        engine.stop()
