"""Builds of an engine that runs as an ordinary user."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.services import building_script
from tests.services.ordinary_user import ordinary_user
from tests.services.runtimes import tiny_wheel
from tests.services.sdists import index, sdist

_LOOK = """
def works(attempt):
    try:
        attempt()
        return True
    except Exception:
        return False

engines = pathlib.Path(DATA)
files["looker.json"] = json.dumps({
    "secret": works(lambda: (engines / "secret.key").read_text()),
    "wrote": works(lambda: (engines / "planted").write_text("x")),
    "home": works(lambda: (engines.parent / "home").read_text()),
    "user": os.getuid(),
    "scratch": works(lambda: pathlib.Path("/scratch/mine").write_text("x")),
})
"""


def test_an_ordinary_user_s_engine_builds_as_well() -> None:
    """Without root a build works too, and reaches neither the engine's data nor its user's files."""
    with ordinary_user() as user:
        data, sources = user.folder / "data", user.folder / "sources"
        for made in (data, sources):
            made.mkdir()
        for secret in (data / "secret.key", user.folder / "home"):
            secret.write_text("a secret")
            user.own(secret)
        user.own(data)
        script = user.folder / "script.py"
        script.write_bytes(Path(building_script.__file__).read_bytes())
        packages = index(user.folder / "index", sdist(sources, "looker", f"DATA = {str(data)!r}\n{_LOOK}"))
        arguments = (data, packages.as_uri(), tiny_wheel(sources), "no-cgroup", "looker")
        done = subprocess.run(
            [*user.python, str(script), *map(str, arguments)],
            check=False,
            capture_output=True,
            text=True,
            cwd=user.folder,
            env={"PATH": "/usr/bin:/bin", "HOME": str(user.folder)},
        )
        assert done.returncode == 0, done.stderr
        saw = json.loads(next(Path(done.stdout.strip()).rglob("looker.json")).read_text())
    assert (saw["secret"], saw["wrote"], saw["home"]) == (False, False, False)
    assert saw["scratch"] is True
    assert saw["user"] != 0
