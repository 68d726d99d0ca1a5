"""Building source distributions: it works, and what is built sees and reaches nothing that is not its own."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from steamship_engine.model.builds import Builds
from steamship_engine.model.errors import InvalidRequirementsError, UnavailableError
from steamship_engine.model.states import VersionKind
from steamship_engine.model.version_limits import VersionLimits
from steamship_engine.runtime.layers import Layers
from steamship_engine.runtime.port import RefusedBy, VersionSpec
from steamship_engine.runtime.runtime import Runtime
from tests.packages import bundle
from tests.services.building import SMALL, Yard
from tests.services.runtimes import Bench, instance_of, tiny_wheel
from tests.services.sdists import index, sdist
from tests.services.wheels import wheel

In = Callable[..., None]
CANARY = "canary-8d1f52"

SPY = """
def works(attempt):
    try:
        return attempt() or True
    except Exception:
        return False

def reach(port):
    socket.create_connection(("127.0.0.1", port), 2).close()

def through_the_proxy():
    proxy = os.environ["http_proxy"].rpartition(":")[2]
    with socket.create_connection(("127.0.0.1", int(proxy)), 5) as end:
        end.sendall(b"CONNECT 127.0.0.1:%d HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n" % PORT)
        return end.recv(100).decode()

def environments():
    found = []
    for place in pathlib.Path("/proc").glob("[0-9]*/environ"):
        found.append(place.read_bytes().decode(errors="replace"))
    return "".join(found)

saw = {
    "environment": environments(),
    "variables": sorted(os.environ),
    "secret": works(lambda: open(SECRET).read()),
    "shadow": works(lambda: open("/etc/shadow").read()),
    "wrote": [place for place in PLACES if works(lambda: open(place + "/planted", "x").close())],
    "reached": works(lambda: reach(PORT)),
    "engine": works(lambda: reach(ENGINE)),
    "proxy": through_the_proxy(),
    "scratch": works(lambda: open("/scratch/mine", "x").close()),
    "subprocess": works(lambda: subprocess.run([sys.executable, "-c", ""], check=True).returncode == 0),
}
files["visitor.py"] = "SAW = " + repr(json.dumps(saw))
"""
API = """
import json
import visitor
from steamship.invocable import PackageService, post

class Visited(PackageService):
    @post("told")
    def told(self):
        return json.loads(visitor.SAW)
"""


def test_a_package_is_built_and_has_seen_nothing(
    tmp_path: Path, isolating: Layers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package whose requirement must be built works; the build read no secret, wrote nowhere, reached no port, and had a scratch folder and programs."""
    monkeypatch.setenv("STEAMSHIP_CANARY", CANARY)
    data, sources = tmp_path / "data", tmp_path / "sources"
    for folder in (data, sources):
        folder.mkdir()
    (data / "secret.key").write_text(CANARY)
    places = [str(data), str(tmp_path / "index" / "visitor"), "/usr/lib", "/etc", "/"]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        known = {
            "SECRET": str(data / "secret.key"),
            "PORT": listener.getsockname()[1],
            "ENGINE": isolating.ports[0],
            "PLACES": places,
        }
        act = "\n".join(f"{name} = {value!r}" for name, value in known.items()) + SPY
        packages = index(tmp_path / "index", sdist(sources, "visitor", act))
        environ = {"PATH": os.environ["PATH"], "UV_DEFAULT_INDEX": packages.as_uri()}
        saw = _deployed_and_asked(data, sources, isolating, environ)
    assert "HOME=/scratch" in saw["environment"]
    assert CANARY not in json.dumps(saw)
    assert not any(name.startswith("STEAMSHIP") for name in saw["variables"])
    assert (saw["secret"], saw["shadow"], saw["reached"], saw["engine"]) == (False,) * 4
    assert saw["wrote"] == []
    assert saw["proxy"].startswith("HTTP/1.1 403 ")
    assert saw["scratch"] is saw["subprocess"] is True


def _deployed_and_asked(data: Path, folder: Path, layers: Layers, environ: dict[str, str]) -> Any:
    content = bundle("echo", {"requirements.txt": "visitor\n", "api.py": API})
    digest = hashlib.sha256(content).hexdigest()
    (folder / "bundle.zip").write_bytes(content)

    async def work() -> Any:
        runtime = Runtime(
            data, sdk_wheel=tiny_wheel(folder), environ=environ, layers=layers, builds=Builds.SDISTS
        )
        try:
            facts = await runtime.inspect(folder / "bundle.zip", digest)
            version = VersionSpec("V-1", digest, "", facts.kind, VersionLimits(timeout_s=60))
            described = await runtime.prepare(version)
            version = replace(version, environment=described.environment)
            return (await Bench(runtime, folder).call(instance_of(version), "/told")).json
        finally:
            await runtime.close()

    return asyncio.run(work())


def test_what_is_built_is_compiled_frozen_and_its_scripts_run(yard: In) -> None:
    """A built environment is as one of wheels: read-only, with byte code that fits, without a trace of where it was built in its scripts."""

    async def work(place: Yard) -> None:
        place.offer(
            "hello",
            """
files["hello.py"] = "def main(): print('hello')\\n"
files["hello-1.0.dist-info/entry_points.txt"] = "[console_scripts]\\nhello = hello:main\\n"
""",
        )
        packages = await place.packages("hello")
        root = packages.parents[2]
        assert [path.name for path in (packages / "__pycache__").glob("hello.*.pyc")]
        compiled = next((packages / "__pycache__").glob("hello.*.pyc")).read_bytes()
        source = (packages / "hello.py").stat()
        assert int.from_bytes(compiled[8:12], "little") == int(source.st_mtime)
        assert int.from_bytes(compiled[12:16], "little") == source.st_size
        assert not any(path.stat().st_mode & 0o222 for path in root.rglob("*") if not path.is_symlink())
        assert "/scratch" not in (root / "bin" / "hello").read_text()
        assert (root / "bin" / "hello").stat().st_mode & 0o111
        assert json.loads((root / "environment.json").read_text())["built"] is True

    yard(work)


def test_wheels_come_first_and_what_was_built_is_not_for_engines_that_do_not(yard: In) -> None:
    """What wheels can make is the same environment everywhere; one that was built is found by engines that build alone."""

    async def work(place: Yard) -> None:
        index(place.index, wheel(place.sources, "whole", {"whole.py": ""}))
        place.offer("source")
        strict = place.engine(None)
        ours = await place.ensure("whole")
        place.environments, building = strict, place.environments
        assert await place.ensure("whole") == ours
        with pytest.raises(InvalidRequirementsError) as refused:
            await place.ensure("source")
        assert "STEAMSHIP_ENGINE_BUILDS" in (refused.value.suggestion or "")
        place.environments = building
        built = await place.ensure("source", "whole")
        assert await place.ensure("whole", "source") == built
        place.environments = strict
        with pytest.raises(InvalidRequirementsError):
            await place.ensure("source", "whole")
        assert place.environments.python(built).exists()

    yard(work)


def test_a_build_that_fails_is_told_by_its_last_lines(yard: In) -> None:
    """The deploy's error ends with what the build said last, and nothing is left."""

    async def work(place: Yard) -> None:
        place.offer("broken", 'print("first of many"); sys.exit("the compiler is missing")')
        with pytest.raises(InvalidRequirementsError, match="the compiler is missing"):
            await place.ensure("broken")
        assert [path.name for path in (place.data / "environments").iterdir()] == [".locks"]

    yard(work)


def test_what_a_build_was_refused_by_the_proxy_is_told(yard: In) -> None:
    """A build that fails because an address is refused fails with an error that names it, and the audit trail is told whose it was."""

    async def work(place: Yard) -> None:
        place.offer(
            "caller",
            'import urllib.request; urllib.request.urlopen("http://169.254.169.254/latest", timeout=5)',
        )
        with pytest.raises(InvalidRequirementsError, match=r'proxy: "169\.254\.169\.254" is refused'):
            await place.ensure(
                "caller", version=VersionSpec("V-1", "b", "", VersionKind.NATIVE, author="alice")
            )
        told = [(each.by, each.why, each.version_id, each.author, each.target) for each in place.refused]
        address = "http://169.254.169.254/latest"
        assert told == [(RefusedBy.NETWORK, "metadata-address", "V-1", "alice", address)]

    yard(work)


def test_a_build_that_hangs_is_ended(yard: In) -> None:
    """A build that ignores signals and leaves processes behind ends with its time, and all of them."""

    async def work(place: Yard) -> None:
        place.offer(
            "sleeper",
            """
import signal
for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"], start_new_session=True)
time.sleep(1000)
""",
        )
        with pytest.raises(UnavailableError, match='longer than "4" seconds'):
            await place.ensure("sleeper")

    yard(work, within_s=4)


def test_what_a_build_leaves_behind_holds_nothing_up(yard: In) -> None:
    """A process that outlives its build does not keep the environment from being made, and ends with the sandbox."""

    async def work(place: Yard) -> None:
        place.offer(
            "parent",
            'subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"], start_new_session=True, stdout=-3, stderr=-3)',
        )
        assert (await place.packages("parent") / "parent.py").exists()

    yard(work)


@pytest.mark.parametrize(
    ("name", "act"),
    [
        ("forks", "while True:\n    os.fork()"),
        (
            "fills",
            'with open("/scratch/full", "wb") as file:\n    while True:\n        file.write(bytes(1 << 20))',
        ),
        ("hoards", "kept = []\nwhile True:\n    kept.append(bytes(1 << 20))"),
        ("prints", "for _ in range(1024):\n    os.write(1, b'x' * (1 << 20))\nsys.exit(1)"),
    ],
)
def test_a_build_that_takes_too_much_fails(yard: In, name: str, act: str) -> None:
    """A build that forks, fills the disk or the memory, or prints a gigabyte fails with an error of bounded size."""

    async def work(place: Yard) -> None:
        place.offer(name, act)
        with pytest.raises(InvalidRequirementsError) as refused:
            await place.ensure(name)
        assert len(refused.value.message) < 6_000
        place.offer("modest")
        assert (await place.packages("modest") / "modest.py").exists()

    yard(work, limits=SMALL)


def test_links_devices_and_the_interpreter_stay_where_they_were_made(yard: In, tmp_path: Path) -> None:
    """What a build puts into the environment beside plain files does not come out, and what the engine made stays."""
    (tmp_path / "outside").mkdir()

    async def work(place: Yard) -> None:
        place.offer(
            "planter",
            f"""
root = pathlib.Path("/scratch/environment")
library = next(root.glob("lib/python3*")) / "site-packages"
(library / "link").symlink_to("/etc/passwd")
(library / "folder").symlink_to({str(tmp_path / "outside")!r})
os.mkfifo(library / "pipe")
(library / "plain").write_text("plain")
os.link(library / "plain", library / "hard")
os.chmod(library / "plain", 0o6777)
(root / "pyvenv.cfg").unlink()
(root / "pyvenv.cfg").write_text((root / "bin" / "activate").read_text())
(root / "environment.json").write_text("mine")
(root / "bin" / "activate").write_text("mine")
(root / "lib64").unlink()
(root / "lib64").mkdir()
(root / "bin" / "python3").unlink()
(root / "bin" / "python3").write_text("#!/bin/sh\\n")
""",
        )
        packages = await place.packages("planter")
        root = packages.parents[2]
        names = {path.name for path in packages.iterdir()}
        assert "plain" in names and "hard" in names
        assert not names & {"link", "folder", "pipe"}
        assert (packages / "plain").stat().st_mode & 0o7000 == 0
        assert (packages / "plain").stat().st_nlink == 1
        assert "home =" in (root / "pyvenv.cfg").read_text()
        assert "mine" not in (root / "environment.json").read_text() + (root / "bin" / "activate").read_text()
        assert (root / "bin" / "python3").is_symlink()
        assert (root / "lib64").is_symlink()

    yard(work)
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_folder_in_the_place_of_the_engines_own_links_is_refused(yard: In) -> None:
    """A build that has a folder where the environment has a link to its interpreter gives no environment."""

    async def work(place: Yard) -> None:
        place.offer(
            "stray",
            """
link = pathlib.Path("/scratch/environment/bin/python3")
link.unlink()
link.mkdir()
(link / "stray").write_text("")
""",
        )
        with pytest.raises(InvalidRequirementsError, match="lies in what is no folder"):
            await place.ensure("stray")

    yard(work)
