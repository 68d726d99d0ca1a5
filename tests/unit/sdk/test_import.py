"""What importing the SDK loads."""

from __future__ import annotations

import subprocess
import sys

import pytest

import steamship

HEAVY = (
    "httpx",
    "requests",
    "urllib3",
    "click",
    "rich",
    "pydantic",
    "ssl",
    "http.client",
    "asyncio",
    "email",
)


def _loaded_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def test_importing_the_client_loads_nothing_heavy() -> None:
    """`from steamship import Steamship` loads no HTTP, no pydantic and nothing of the command line."""
    bare = _loaded_after("pass")
    loaded = _loaded_after("import steamship; steamship.Steamship")
    assert "steamship.client.steamship" in loaded
    assert {name for name in HEAVY if name in loaded - bare} == set()


def test_using_an_instance_loads_no_command_line_and_no_foreign_http() -> None:
    """The data classes and the connections load neither click nor rich nor any HTTP library."""
    loaded = _loaded_after("from steamship import PackageInstance\nimport steamship.base.connections")
    assert {name for name in ("httpx", "requests", "urllib3", "click", "rich") if name in loaded} == set()


@pytest.mark.parametrize(
    "face", ["steamship", "steamship.base", "steamship.client", "steamship.data", "steamship.data.package"]
)
def test_every_name_of_a_face_can_be_imported(face: str) -> None:
    """Each name in `__all__` of a face is there, and `dir` shows it."""
    module = __import__(face, fromlist=["*"])
    for name in module.__all__:
        assert getattr(module, name) is not None
        assert name in dir(module)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    """An unknown name is refused as by any module."""
    with pytest.raises(AttributeError, match='module "steamship" has no attribute "Nothing"'):
        steamship.Nothing  # noqa: B018
