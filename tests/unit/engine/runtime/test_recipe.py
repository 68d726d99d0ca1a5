"""What `uv` is asked for."""

from __future__ import annotations

from pathlib import Path

from steamship_engine.runtime.interpreter import Interpreter
from steamship_engine.runtime.recipe import Recipe

PYTHON = Interpreter(Path("/opt/python"), "cpython", "3.11.7", "x86_64")
TARGET, WHEEL = Path("/target"), Path("/wheels/steamship-3.0.0-py3-none-any.whl")


def _words(recipe: Recipe, *, builds: bool) -> list[str]:
    return [" ".join(step.command) for step in recipe.installs("uv", TARGET, builds=builds)]


def test_only_a_build_may_take_source_distributions() -> None:
    """Without builds every command takes wheels alone, whatever there is to install."""
    for recipe in (
        Recipe(PYTHON, ("six",)),
        Recipe(PYTHON, ("six",), WHEEL),
        Recipe(PYTHON, ("six",), WHEEL, ("pydantic",)),
        Recipe(PYTHON, (), WHEEL, ()),
    ):
        assert all("--only-binary :all:" in words for words in _words(recipe, builds=False))
    assert "--only-binary" not in _words(Recipe(PYTHON, ("six",)), builds=True)[0]


def test_the_sdk_is_never_built() -> None:
    """The SDK's own wheel is installed as it is, without what it requires, beside a package's requirements."""
    sdk, rest = _words(Recipe(PYTHON, ("six",), WHEEL, ("pydantic",)), builds=True)
    assert "--no-deps" in sdk and "--only-binary :all:" in sdk
    assert "--no-deps" not in rest


def test_nothing_to_install_is_no_command() -> None:
    """An original without requirements needs no installer."""
    assert _words(Recipe(PYTHON, ()), builds=False) == []
