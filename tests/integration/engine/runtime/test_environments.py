"""Environments: made once per content, with wheels only, by several engines at once, never changed."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from steamship_engine.model.errors import InvalidRequirementsError, UnavailableError
from steamship_engine.runtime.environments import Environments, environment_digest, keep_wheel
from steamship_engine.runtime.installer import Installer
from steamship_engine.runtime.interpreter import probe
from steamship_engine.runtime.scratch import Scratch
from tests.packages import zipped
from tests.services.runtimes import tiny_wheel

_ENSURE = """
import asyncio, json, sys
from pathlib import Path
from tests.integration.engine.runtime.test_environments import Place

async def main():
    place = Place(Path(sys.argv[1]), Path(sys.argv[2]))
    print(json.dumps(await place.ensure("hello")))
    place.scratch.close()

asyncio.run(main())
"""


def _index(folder: Path) -> Path:
    """An index: `hello`, with a console script, `guest` and `stranger`, which require our SDK, and `sourceonly`."""
    folder.mkdir(exist_ok=True)
    hello = {
        "hello.py": "def main():\n    print('hello')\n",
        "tests/test_hello.py": "",
        "hello_tests/tests/test_hello.py": "",
        "hello_tests/kept.py": "",
        "hello-1.0.dist-info/entry_points.txt": "[console_scripts]\nhello = hello:main\n",
    }
    for name, file, content in (
        ("hello", "hello-1.0-py3-none-any.whl", _wheel("hello", hello)),
        ("guest", "guest-1.0-py3-none-any.whl", _wheel("guest", {"guest.py": ""}, "steamship>=3")),
        ("stranger", "stranger-1.0-py3-none-any.whl", _wheel("stranger", {"stranger.py": ""}, "steamship<3")),
        ("sourceonly", "sourceonly-1.0.zip", zipped({"sourceonly-1.0/setup.py": "raise SystemExit(1)\n"})),
    ):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / file).write_bytes(content)
        (folder / name / "index.html").write_text(f'<a href="{file}">{file}</a>')
    return folder


def _wheel(name: str, files: dict[str, str], *requires: str) -> bytes:
    info = f"{name}-1.0.dist-info"
    lines = [f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0", *(f"Requires-Dist: {r}" for r in requires)]
    files = {
        **files,
        f"{info}/METADATA": "\n".join(lines) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in files) + f"{info}/RECORD,,\n"
    return zipped(files)


class Place:
    """An engine's environments with an index of its own, which needs no network."""

    def __init__(self, data: Path, index: Path) -> None:
        self.data = data
        self.environ = {"PATH": os.environ["PATH"], "UV_DEFAULT_INDEX": index.as_uri()}
        self.scratch = Scratch(data / "scratch")
        installer = Installer(self.environ, data / "cache", 60)
        self.environments = Environments(data / "environments", self.scratch, installer, builds=2)
        self.interpreter = probe()
        self.wheel = keep_wheel(tiny_wheel(index), data / "wheels")

    async def ensure(self, *lines: str) -> str:
        return await self.environments.ensure(self.interpreter, lines, self.wheel)


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path / "data", _index(tmp_path / "index"))
    yield made
    assert not list(made.scratch._folder.iterdir())
    made.scratch.close()


def _run(python: Path, code: str) -> str:
    done = subprocess.run([python, "-I", "-c", code], capture_output=True, check=True, env={}, text=True)
    return done.stdout.strip()


def test_an_environment_has_the_requirements_and_the_sdk(place):
    """What was asked for and the SDK can be imported, nothing of the engine can, and scripts run."""
    digest = asyncio.run(place.ensure("hello"))
    python = place.environments.python(digest)
    assert _run(python, "import hello, steamship.invocable; hello.main()") == "hello"
    assert _run(
        python, "import importlib.util as u; print(u.find_spec('steamship_engine'), u.find_spec('pip'))"
    ) == ("None None")
    script = subprocess.run(
        [python.parent / "hello"], capture_output=True, check=True, env={"PATH": "/usr/bin:/bin"}
    )
    assert script.stdout == b"hello\n"


def test_an_environment_is_read_only_copied_and_compiled(place):
    """Nobody may write in it, everybody may read it, its files are nobody else's, and its modules are compiled."""
    folder = place.environments.python(asyncio.run(place.ensure("hello"))).parent.parent
    paths = [path for path in folder.rglob("*") if not path.is_symlink()]
    for path in (folder, *paths):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode & 0o222 == 0, path
        assert mode & 0o044 == 0o044, path
        assert path.is_dir() or path.stat().st_nlink == 1, path
    assert any(path.name.startswith("hello.cpython-") for path in paths)
    while folder != place.data.parent:
        assert folder.stat().st_mode & 0o055 == 0o055, folder
        folder = folder.parent


def test_the_tests_of_libraries_are_not_compiled(tmp_path):
    """Byte code is made for what can be imported by an author, wherever the engine's data lies, and not for libraries' tests."""
    place = Place(tmp_path / "tests" / "data", _index(tmp_path / "index"))
    folder = place.environments.python(asyncio.run(place.ensure("hello"))).parent.parent
    compiled = {path.name.partition(".")[0] for path in folder.rglob("*.pyc")}
    assert {"hello", "kept", "serving"} <= compiled
    assert "test_hello" not in compiled
    place.scratch.close()


EXTRA = [
    "Provides-Extra: serving",
    "Requires-Dist: sourceonly>=1",  # what the command line needs, and cannot be had here
    "Requires-Dist: hello>=1; extra == 'serving'",
    "Requires-Dist: hello>=1",
    "Requires-Dist: sourceonly; extra == 'other'",
]


def test_the_command_line_s_libraries_are_left_out(place, tmp_path):
    """Of what the SDK requires, an environment gets what code needs that is served."""
    place.wheel = keep_wheel(tiny_wheel(tmp_path, "3.0.2", EXTRA), place.data / "wheels")
    assert place.wheel.serving == ("hello>=1",)
    python = place.environments.python(asyncio.run(place.ensure()))
    assert _run(python, "import hello, steamship.invocable; print('both')") == "both"


def test_a_library_that_requires_the_sdk_gets_this_one(place, tmp_path):
    """A distribution that requires the SDK finds the version's own; one that wants another is refused."""
    place.wheel = keep_wheel(tiny_wheel(tmp_path, "3.0.3", EXTRA[:1]), place.data / "wheels")
    assert place.wheel.serving == ()
    python = place.environments.python(asyncio.run(place.ensure("guest")))
    assert _run(python, "import guest, steamship.invocable; print('both')") == "both"
    with pytest.raises(InvalidRequirementsError, match="steamship"):
        asyncio.run(place.ensure("stranger"))


def test_the_same_content_is_one_environment(place):
    """The order of the lines does not matter; other lines, SDKs and interpreters are other environments."""
    digest = asyncio.run(place.ensure("hello"))
    made = place.environments.python(digest).stat().st_ctime_ns
    assert asyncio.run(place.ensure("hello")) == digest
    assert place.environments.python(digest).stat().st_ctime_ns == made
    one, wheel = place.interpreter, place.wheel
    assert environment_digest(one, ["a", "b"], wheel) == environment_digest(one, ["b", "a"], wheel)
    other_sdk = keep_wheel(tiny_wheel(place.data, "3.0.1"), place.data / "wheels")
    other_python = type(one)(one.path, one.name, "3.11.99", one.machine)
    digests = {
        environment_digest(one, [], wheel), environment_digest(one, ["hello"], wheel),
        environment_digest(one, [], other_sdk), environment_digest(other_python, [], wheel),
    }  # fmt: skip
    assert len(digests) == 4


def test_concurrent_builds_make_one(place):
    """Ten tasks that ask for one environment at once cause one build."""
    runs: list[tuple[str, ...]] = []
    installer = place.environments._installer
    fill = installer.fill

    async def counted(*arguments):
        runs.append(arguments)
        await fill(*arguments)

    installer.fill = counted

    async def work():
        return await asyncio.gather(*(place.ensure("hello") for _ in range(10)))

    assert len(set(asyncio.run(work()))) == 1
    assert len(runs) == 1


def test_several_engines_make_one(place, tmp_path):
    """Three engine processes on one data folder that need one environment at once all get it whole."""
    command = [sys.executable, "-c", _ENSURE, place.data, tmp_path / "index"]
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[4])}
    engines = [subprocess.Popen(command, stdout=subprocess.PIPE, env=environ) for _ in range(3)]
    digests = set()
    for engine in engines:
        output, _ = engine.communicate(timeout=60)
        assert engine.returncode == 0
        digests.add(json.loads(output))
    assert len(digests) == 1
    assert _run(place.environments.python(digests.pop()), "import hello, steamship; print('fine')") == "fine"
    assert len([path for path in (place.data / "environments").iterdir() if path.name != ".locks"]) == 1


@pytest.mark.parametrize("line", ["nowhere", "hello==2", "sourceonly"])
def test_what_cannot_be_installed_is_told_and_leaves_nothing(place, line):
    """An unknown name, an unknown version and a source distribution fail with uv's reason that names it."""
    with pytest.raises(InvalidRequirementsError) as refused:
        asyncio.run(place.ensure(line))
    assert line.partition("=")[0] in refused.value.message
    assert [path.name for path in (place.data / "environments").iterdir()] == [".locks"]


def test_an_index_that_does_not_answer_is_no_fault_of_the_package(tmp_path):
    """A connection that is refused is unavailable, and the address is shown without its password."""
    place = Place(tmp_path / "data", _index(tmp_path / "index"))
    environ = {"UV_DEFAULT_INDEX": "http://me:secret@127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"}
    place.environments._installer = Installer(environ, place.data / "cache", 60)
    with pytest.raises(UnavailableError) as unavailable:
        asyncio.run(place.ensure("hello"))
    assert "secret" not in unavailable.value.message
    place.scratch.close()


def test_a_build_that_takes_too_long_is_ended(tmp_path):
    """A build has a time limit."""
    place = Place(tmp_path / "data", _index(tmp_path / "index"))
    place.environments._installer = Installer(place.environ, place.data / "cache", 0.001)
    with pytest.raises(UnavailableError, match="longer than"):
        asyncio.run(place.ensure("hello"))
    assert not list(place.scratch._folder.iterdir())
    place.scratch.close()


def test_an_interpreter_counts_only_when_it_runs(tmp_path):
    """A file that is called python but is none is refused with its path."""
    shim = tmp_path / "python3.11"
    shim.write_text("#!/bin/sh\nexit 3\n")
    shim.chmod(0o755)
    with pytest.raises(UnavailableError, match=r"python3\.11"):
        probe(shim)
    with pytest.raises(UnavailableError, match="nowhere"):
        probe(tmp_path / "nowhere")


def test_a_missing_wheel_is_told(tmp_path):
    """Without the SDK's wheel the message says how to make it."""
    with pytest.raises(UnavailableError) as missing:
        keep_wheel(tmp_path / "steamship-3.0.0-py3-none-any.whl", tmp_path / "wheels")
    assert "make setup" in (missing.value.suggestion or "")
