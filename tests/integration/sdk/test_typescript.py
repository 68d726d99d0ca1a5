"""The TypeScript client's own tests, and what its package must be."""

from __future__ import annotations

import json
import re
import subprocess

from steamship.base.error import SteamshipError
from tests.services import typescript
from tools.node import SDK, node


def test_own_tests_pass():
    """The TypeScript client passes the tests beside its source, against a stub of the engine."""
    typescript.run_tests(sorted((SDK / "build" / "src").glob("*.test.js")), {})


def test_every_test_file_is_compiled():
    """Each test file of the source has its compiled twin, so none is left out silently."""
    written = {path.name.removesuffix(".ts") for path in (SDK / "src").glob("*.test.ts")}
    assert written == {path.name.removesuffix(".js") for path in (SDK / "build" / "src").glob("*.test.js")}


def test_no_run_time_dependencies():
    """The npm package needs nothing but itself, and its lock names no registry."""
    package = json.loads((SDK / "package.json").read_text())
    assert not {"dependencies", "peerDependencies", "optionalDependencies"} & set(package)
    assert package["type"] == "module"
    assert "://" not in (SDK / "package-lock.json").read_text()


def test_source_runs_in_browsers():
    """No module of the client imports one of Node's statically: a browser could not load it."""
    for module in (SDK / "dist").glob("*.js"):
        imported = re.findall(r"""^(?:import|export)\b.*["'](.+)["'];$""", module.read_text(), re.MULTILINE)
        assert all(name.startswith("./") for name in imported), module


def test_errors_are_those_of_the_python_sdk():
    """Both SDKs have the same error classes with the same parents, codes and HTTP statuses."""
    told = subprocess.run(
        [node(), "--input-type=module", "--eval", _TELL_ERRORS],
        cwd=SDK,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert json.loads(told.stdout) == _tree(SteamshipError)


_TELL_ERRORS = """
import * as face from "@steamship/client";
const kinds = Object.values(face).filter((member) => member.prototype instanceof face.SteamshipError);
const tell = (kind) => [kind.name, [Object.getPrototypeOf(kind).name, kind.code, kind.httpStatus]];
console.log(JSON.stringify(Object.fromEntries(kinds.map(tell))));
"""


def _tree(parent: type[SteamshipError]) -> dict[str, list[object]]:
    """The error classes that the Python SDK itself defines below `parent`."""
    found: dict[str, list[object]] = {}
    for kind in parent.__subclasses__():
        if kind.__module__ == SteamshipError.__module__:
            found[kind.__name__] = [parent.__name__, kind.code, kind.http_status]
            found |= _tree(kind)
    return found
