"""`ship deploy` refuses the limits that an engine would refuse, before anything is uploaded."""

from __future__ import annotations

from typing import Any

import pytest

from steamship.base.error import InvalidManifestError
from steamship.cli.manifest_limits import limit_problems
from steamship.cli.project import check_manifest
from steamship_engine.model.errors import InvalidManifestError as EngineRefusal
from steamship_engine.model.version_limits import LIMITS, wishes

VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 2, 0.5, 2.0, 32, 1024, 2**20, 16 * 2**20, 2**50, 2**50 + 1, 10**400, 1e-9, 1e300,
    float("nan"), float("inf"), "", "1", "64 MiB", "64mib", "512MB", "0.5 GiB", "1.5", "1 TB", "-1 MB", "1 KB ", "many",
    "9" * 19, "999999999 GiB", [], [1], {}, {"a": 1},
]  # fmt: skip
NAMES = [*(limit.name for limit in LIMITS), "timeout", "memroy", "xyzzy", "Memory", ""]


def _engine_says(limits: Any) -> str | None:
    try:
        wishes({"limits": limits})
    except EngineRefusal as error:
        return error.message
    return None


@pytest.mark.parametrize("name", NAMES)
def test_both_agree_on_every_value(name: str) -> None:
    """Whatever a limit's value is, it is refused here where the engine refuses it, and nowhere else."""
    for value in VALUES:
        limits = {name: value}
        assert bool(limit_problems(limits)) is (_engine_says(limits) is not None), limits


@pytest.mark.parametrize(
    "limits",
    [
        "fast",
        1,
        [1],
        True,
        {"timeout": 1, "timeout_s": 1},
        {"cpu": 0},
        {"memroy": 1},
        {"files": 3},
        {"scratch": "x"},
    ],
)
def test_both_say_it_alike(limits: Any) -> None:
    """What is wrong is told in the engine's words."""
    (problem,) = limit_problems(limits)
    said = _engine_says(limits)
    assert said is not None
    assert problem.partition(": ")[2] in said


def test_a_manifest_with_wrong_limits_is_refused_with_the_rest() -> None:
    """The message names each wrong limit beside the other wrong fields."""
    manifest = {"handle": "Greeter", "version": "1.0.0", "limits": {"cpu": True, "memory": "lots"}}
    with pytest.raises(InvalidManifestError) as error:
        check_manifest(manifest)
    for words in ('"handle" is "Greeter"', '"limits.cpu" is true: it is', '"limits.memory" is "lots": it is'):
        assert words in str(error.value)


def test_good_limits_stay_as_they_are() -> None:
    """They are deployed as they were written."""
    limits = {"memory": "512MB", "timeout": 30}
    assert check_manifest({"handle": "greeter", "version": "1", "limits": limits})["limits"] == limits
