"""What the wheels of a package's requirements bring about where the engine itself makes and reads environments."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from steamship_engine.model.version_limits import VersionLimits
from steamship_engine.runtime.environments import Environments, keep_wheel
from steamship_engine.runtime.frames import Try
from steamship_engine.runtime.installer import Installer
from steamship_engine.runtime.interpreter import probe
from steamship_engine.runtime.launching import Ground, Launcher
from steamship_engine.runtime.layers import reads
from steamship_engine.runtime.nobody import worker_of_nobody
from steamship_engine.runtime.scratch import Scratch
from tests.integration.engine.sandbox.modes import STRONGEST
from tests.services.runtimes import tiny_wheel
from tests.services.wheels import wheel


async def _made(folder: Path, requirement: str, **environ: str) -> Path:
    """The interpreter of an environment with that requirement, of a wheel in the folder, and with the SDK."""
    scratch = Scratch(folder / "data" / "scratch")
    variables = {"PATH": os.environ["PATH"], "UV_FIND_LINKS": str(folder), **environ}
    (folder / "index").mkdir()
    variables["UV_DEFAULT_INDEX"] = (folder / "index").as_uri()
    installer = Installer(variables, folder / "data" / "cache", 60)
    environments = Environments(folder / "data" / "environments", scratch, installer, builds=1)
    sdk = keep_wheel(tiny_wheel(folder, requires=["Provides-Extra: serving"]), folder / "data" / "wheels")
    try:
        return environments.python(await environments.ensure(probe(), (requirement,), sdk))
    finally:
        scratch.close()


@pytest.mark.parametrize("home", ["/", "//bin", "/etc/ssl", "{data}/bin", "../../.."])
def test_an_environment_does_not_choose_what_its_processes_read(tmp_path, home):
    """A wheel that writes the environment's `pyvenv.cfg` takes no folder of the machine's into the sandbox."""
    told = f"home = {home.format(data=tmp_path / 'data')}\n"
    wheel(tmp_path, "homely", {"homely-1.0.data/data/pyvenv.cfg": told})
    python = asyncio.run(_made(tmp_path, "homely"))
    environment = python.parent.parent
    assert (environment / "pyvenv.cfg").read_text() == told
    prefixes = {Path(sys.base_prefix), Path(sys.base_prefix).resolve()}
    found = {path for path in reads(python, None) if path not in (environment, *prefixes)}
    assert found == {path for path in found if path.name == "child"}


def test_no_code_of_a_requirement_runs_with_the_engine_s_rights(tmp_path):
    """A `.pth` file is installed without being run, also where `uv` is told to remember nothing."""
    ran = tmp_path / "ran"
    wheel(tmp_path, "eager", {"eager.pth": f"import os; open({str(ran)!r}, 'w').close()\n"})
    python = asyncio.run(_made(tmp_path, "eager", UV_NO_CACHE="1"))
    assert list(python.parent.parent.rglob("eager.pth"))
    assert not ran.exists()


def test_an_interpreter_takes_no_folders_of_its_links_along(tmp_path):
    """One that is found by a link in somebody's `.local` starts in the sandbox, which has that link and nothing beside it."""
    programs = tmp_path / "home" / ".local" / "bin"
    programs.mkdir(parents=True)
    link = programs / "python3"
    link.symlink_to(Path(sys.base_prefix, "bin", f"python3.{sys.version_info[1]}").resolve())
    environment = tmp_path / "environment"
    (environment / "bin").mkdir(parents=True)
    (environment / "pyvenv.cfg").write_text(f"home = {programs}\n")
    (environment / "bin" / "python").symlink_to(link)
    found = reads(environment / "bin" / "python", None)
    assert link in found
    assert not [path for path in found if path in link.parents]

    async def tried() -> None:
        launcher, scratch = Launcher(STRONGEST), Scratch(tmp_path / "scratch")
        ground = Ground(environment / "bin" / "python", None, scratch.folder("trial"), VersionLimits())
        try:
            async with worker_of_nobody(launcher, ground) as nobody:
                root = Path(f"/proc/{nobody.process.pid}/root")
                assert Path(f"{root}{link}").readlink() == link.readlink()
                tries = Try(secrets=(), places=(str(programs),), strangers=(), closed=(), open=())
                assert await nobody.opening.attempt(tries) == ()
        finally:
            await launcher.close()
            scratch.close()

    asyncio.run(tried())
