"""Packages written for the original, served by it and by us: the same calls, the same answers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[2]
DRIVER = TESTS / "services" / "style_driver.py"

Call = tuple[str, str, dict[str, Any]]


def served(
    python: Path | str, sdk: str, package: str, calls: list[Call], config: dict[str, Any]
) -> list[Any]:
    """What `package` answers to each call under the SDK of `python`."""
    folder = TESTS / "packages" / package
    done = subprocess.run(
        [python, "-I", DRIVER, folder, sdk],
        input=json.dumps({"calls": calls, "config": config}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: list[Any] = json.loads(done.stdout)
    return answers


@pytest.fixture
def both(original_python):
    """A function: the answers of the original and ours to the same calls."""

    def ask(package: str, *calls: Call, **config: Any) -> tuple[list[Any], list[Any]]:
        return (
            served(original_python, "original", package, list(calls), config),
            served(sys.executable, "ours", package, list(calls), config),
        )

    return ask


def test_configured_packages_answer_the_same(both):
    """Config, secrets file, context, client and arguments reach an original's source as they did."""
    theirs, ours = both(
        "style_config",
        ("POST", "/settings", {}),
        ("POST", "paint", {"colour": "red"}),
        ("POST", "//paint", {"colour": "red", "finish": "gloss", "note": None}),
        ("GET", "/context", {}),
        ("POST", "/__instance_init__", {}),
        ("POST", "/prepared", {}),
        ("POST", "/anything", {"first": 1, "other": [3]}),
        ("POST", "/refuse", {}),
        ("POST", "/nope", {}),
        ("GET", "/settings", {}),
        palette="cold",
        coats=3,
    )
    assert ours == theirs
    assert theirs[0][2]["service_key"] == "from the file"


def test_what_differs_with_configured_packages(both):
    """An exception names its type, a wrong argument is a 400, and an empty config value is one, here only."""
    theirs, ours = both(
        "style_config",
        ("POST", "/fail", {}),
        ("POST", "/paint", {"color": "red"}),
        ("POST", "/settings", {}),
        nickname="",
    )
    assert theirs[0] == [500, "error", "spilled"]
    assert ours[0] == [500, "error", "ValueError: spilled"]
    assert theirs[1][0] == 500
    assert ours[1][0] == 400
    assert '"color" is not an argument; "colour" is missing' in ours[1][2]
    assert theirs[2][2]["nickname"] == "from the file"
    assert ours[2][2]["nickname"] == ""


def test_results_arrive_the_same(both):
    """Every kind of result has the same status, type and content, but for None, which the original refuses."""
    [[_, _, names]] = served(sys.executable, "ours", "style_results", [("POST", "/names", {})], {})
    calls = [("POST", "/give", {"name": name}) for name in names] + [
        ("GET", "/echo", {"a": "1", "data": "x"})
    ]
    theirs, ours = both("style_results", *calls)
    assert theirs.pop(names.index("none")) == [500, "error", "Handler provided no response."]
    assert ours.pop(names.index("none")) == [200, "application/json", None]
    assert ours == theirs
    assert len(ours) > 25


def test_mixins_and_inheritance_answer_the_same(both):
    """Inherited, replaced and overridden routes and those of mixins lead to the same code."""
    theirs, ours = both(
        "style_mixins",
        ("POST", "/inherited", {}),
        ("POST", "/replaced", {}),
        ("POST", "/overridden", {"a": 1}),
        ("POST", "/overridden", {"a": 1, "b": 3}),
        ("POST", "/count", {"by": 5}),
        ("POST", "/quiet", {}),
        ("POST", "/another_name", {}),
    )
    assert ours == theirs
    assert theirs[1] == [200, "text/plain", "child"]


@pytest.mark.parametrize("package", ["style_config", "style_results", "style_mixins"])
def test_the_spec_is_the_same(both, package):
    """`__dir__` says the same, but for the SDK's version, its own docs, and how newer Pythons write types."""
    theirs, ours = both(package, ("GET", "/__dir__", {}))

    def comparable(answer: list[Any]) -> Any:
        spec = answer[0][2]
        spec.pop("sdkVersion")
        for method in spec["methods"]:
            if method["path"].startswith("/__"):
                method.pop("doc")
            # pydantic 1 and 2 disagree about the module of a parametrized class.
            method["returns"] = method["returns"].replace("steamship.invocable.invocable_response.", "api.")
        return spec

    assert comparable(ours) == comparable(theirs)
