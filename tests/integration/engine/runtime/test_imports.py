"""Deploys: what importing a bundle tells, and what is said when it cannot be imported."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from steamship_engine.model.errors import (
    DeployError,
    InvalidRequirementsError,
    PackageReplyError,
)
from steamship_engine.model.sandbox import SandboxMode
from steamship_engine.model.version_limits import VersionLimits
from steamship_engine.runtime.launching import Ground, Launcher
from steamship_engine.runtime.layers import Layers
from tests.services.runtimes import Bench, instance_of


def test_a_package_is_described(tiny):
    """A package that can be imported gives its spec, and the environment it was imported in."""

    async def work(bench: Bench) -> None:
        description = await bench.prepare("greeter")
        assert description.spec["name"] == "Greeter"
        assert description.needs_init is False
        assert len(description.environment) == 64
        assert sum(bench.runtime.stats().workers.values()) == 0

    tiny(work)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("bad_import", "ModuleNotFoundError: No module named 'a_module_that_is_not_there' (api.py:3)"),
        ("syntax_error", "SyntaxError: '(' was never closed (api.py:6)"),
        ("no_module", "The bundle has no api.py at its root."),
        ("no_class", "must define one package, it defines none"),
        ("two_classes", "it defines First, Second"),
        ("exits_on_import", "it called sys.exit(3) (api.py:4)"),
        ("dies_on_import", 'ended with exit code "3" while api.py was imported'),
        ("raises_on_import", "ValueError: the table is empty (api.py:5)"),
    ],
)
def test_a_bad_import_fails_with_the_real_message(tiny, name, said):
    """Each way of failing at import is told with the message, the file and the line."""

    async def work(bench: Bench) -> None:
        with pytest.raises(DeployError) as failed:
            await bench.prepare(name)
        assert said in failed.value.message

    tiny(work)


def test_the_traceback_has_the_authors_lines_only(tiny):
    """The details name the bundle's files by their relative path and none of the engine's."""

    async def work(bench: Bench) -> None:
        with pytest.raises(DeployError) as failed:
            await bench.prepare("raises_on_import")
        details = failed.value.details or ""
        assert 'File "api.py", line 8, in <module>' in details
        assert str(bench.folder.parent) not in details
        assert "loading.py" not in details
        assert "importlib" not in details

    tiny(work)


def test_the_engine_reads_no_file_that_a_package_chose(tiny, tmp_path):
    """Whatever an import leaves in its scratch folder, a deploy's error quotes none of it."""
    secret = tmp_path / "secret"
    secret.write_text("canary-17")
    code = f"""
import os
from pathlib import Path

scratch = Path(os.environ["HOME"])
for name in {{"start.log", *os.listdir(scratch)}} - {{"home", "tmp"}}:
    (scratch / name).unlink(missing_ok=True)
    (scratch / name).symlink_to({str(secret)!r})
os._exit(3)
"""

    async def work(bench: Bench) -> None:
        with pytest.raises(DeployError) as failed:
            await bench.prepare("dies_on_import", {"api.py": code})
        assert failed.value.details is None

    tiny(work)


def test_a_broken_interpreter_is_quoted(tmp_path):
    """What a process prints before it is connected is kept, its end where it is long."""

    async def work() -> str:
        python = tmp_path / "python"
        python.write_text(
            "#!/bin/sh\nfor i in 1 2 3 4 5 6 7 8 9; do printf '%0999d' 0; done; echo no such library\n"
        )
        python.chmod(0o755)
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        launcher = Launcher(Layers(SandboxMode.NONE))
        process = await launcher.zygote(Ground(python, None, scratch, VersionLimits()))
        await process.exit_code(within=10)
        said = process.said()
        await process.ended()
        await launcher.close()
        return said

    said = asyncio.run(work())
    assert said.endswith("00no such library")
    assert len(said) < 2_000


def test_an_import_that_starts_a_thread_is_done_by_each_worker(tiny):
    """The deploy says why, and the instances are served all the same."""

    async def work(bench: Bench) -> None:
        version, description = await bench.deploy("threads_on_import")
        (note,) = description.notes
        assert "Each worker imports api.py for itself" in note
        assert "2 threads" in note
        assert (await bench.prepare("echo")).notes == ()
        assert (await bench.call(instance_of(version), "/count")).json >= 2

    tiny(work)


def test_an_import_that_hangs_is_stopped(tiny):
    """An import has a time limit; what was printed until then is shown to the author."""

    async def work(bench: Bench) -> None:
        with pytest.raises(DeployError, match='"1" seconds while api.py was imported') as failed:
            await bench.prepare("hangs_on_import")
        assert "about to hang" in (failed.value.details or "")

    tiny(work, load=1)


def test_an_import_that_forks_is_one_import(tiny):
    """A process that the import forked does not answer for the worker."""

    async def work(bench: Bench) -> None:
        instance = await bench.instance("forks_on_import")
        assert isinstance((await bench.call(instance, "/pid")).json, int)

    tiny(work)


@pytest.mark.parametrize(
    ("description", "error"),
    [
        ('{"spec": {1, 2}}', DeployError),
        ('{"spec": {"a": float("nan")}}', DeployError),
        ('{"notes": ["x" * 2_000_000]}', DeployError),
        ('{"configTemplate": []}', PackageReplyError),
        ('{"needsInit": "yes"}', PackageReplyError),
    ],
)
def test_a_description_that_is_none_is_refused(tiny, description, error):
    """A class whose description is no JSON, too large or of another shape cannot be deployed."""
    source = (
        "from steamship.invocable import PackageService\n\n\n"
        f"class Odd(PackageService):\n    DESCRIPTION = {description}\n"
    )

    async def work(bench: Bench) -> None:
        with pytest.raises(error, match="description"):
            await bench.prepare("greeter", {"api.py": source})

    tiny(work)


def test_a_newer_sdk_than_the_engines_is_refused(tiny):
    """A package that asks for an SDK which this engine does not have is told so, with both versions."""

    async def work(bench: Bench) -> None:
        with pytest.raises(
            InvalidRequirementsError, match=r'"steamship>=3.5"; this engine installs steamship 3.0.0'
        ):
            await bench.prepare("greeter", {"requirements.txt": "steamship>=3.5\n"})

    tiny(work)


def test_the_bundle_cannot_replace_the_sdk(tiny):
    """A module of the bundle called steamship.py is not what serves it."""

    async def work(bench: Bench) -> None:
        description = await bench.prepare("greeter", {"steamship.py": "raise SystemExit\n"})
        assert description.spec["name"] == "Greeter"

    tiny(work)


def test_a_failed_import_leaves_no_process(tiny):
    """After a failed deploy nothing of it runs and nothing is in the scratch folder."""

    async def work(bench: Bench) -> None:
        with pytest.raises(DeployError):
            await bench.prepare("bad_import")
        assert not list(Path(bench.runtime._scratch._folder).iterdir())

    tiny(work)
