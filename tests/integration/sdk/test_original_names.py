"""The public names of the original against ours; what differs is a row of the reference page.

The rows of docs/reference/original-differences.md are this test's data: a difference without a row fails
it, and so does a row without its difference. Names that only we have are no differences, nor are further
parameters that a caller may leave out.
"""

from __future__ import annotations

import importlib
import json
import re
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.services import public_names

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "reference" / "original-differences.md"
SCRIPT = ROOT / "tests" / "services" / "public_names.py"

_ROW = re.compile(r"^\| `([\w.*]+)` \| ([^|]+?) \|", re.MULTILINE)
_BY_POSITION = ("POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD")

Differences = dict[str, str]


@pytest.fixture(scope="module")
def listed() -> Differences:
    rows = _ROW.findall(PAGE.read_text())
    assert len({name for name, _ in rows}) == len(rows), "a name has two rows"
    return dict(rows)


@pytest.fixture(scope="module")
def found(original_python: Path, listed: Differences) -> Differences:
    """Every difference, by name; a whole folder's, where the page has one row for it, under `folder.*`.

    Such a folder is `absent` as long as we have none of its modules.
    """
    ask = "import importlib.util; print(importlib.util.find_spec('steamship').submodule_search_locations[0])"
    folder = subprocess.run([original_python, "-I", "-c", ask], capture_output=True, text=True, check=True)
    modules = public_names.module_names(Path(folder.stdout.strip()))
    folders = [name.removesuffix("*") for name in listed if name.endswith(".*")]
    differences: Differences = {}
    shared = []
    for module in modules:
        covered = next((f for f in folders if f"{module}.".startswith(f)), None)
        if covered is not None:
            row = f"{covered}*"
            differences[row] = "modules of our own" if _is_there(module) else differences.get(row, "absent")
        elif _is_there(module):
            shared.append(module)
        else:
            differences[module] = "absent"
    done = subprocess.run(
        [original_python, "-I", SCRIPT], input=json.dumps(shared), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for module, names in json.loads(done.stdout).items():
        differences |= _module_differences(module, names)
    return differences


def test_every_difference_is_on_the_page(found, listed):
    """Whatever an original's name lacks or takes otherwise here is a row of the page."""
    missing = {name: what for name, what in found.items() if listed.get(name) != what}
    rows = "\n".join(f"| `{name}` | {what} | |" for name, what in sorted(missing.items()))
    assert not missing, f"write these rows into {PAGE.name}:\n{rows}"


def test_every_row_is_a_difference(found, listed):
    """A row whose difference has vanished is taken off the page."""
    assert sorted(set(listed) - set(found)) == []


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _module_differences(module: str, names: dict[str, Any]) -> Differences:
    ours = importlib.import_module(module)
    differences: Differences = {}
    for name, theirs in names.items():
        try:
            thing = getattr(ours, name)
        except AttributeError:
            differences[f"{module}.{name}"] = "absent"
            continue
        differences |= _differences(f"{module}.{name}", theirs, public_names.describe(thing))
        for each, said in theirs.get("members", {}).items():
            own = public_names.member(thing, each) if isinstance(thing, type) else None
            differences |= _differences(f"{module}.{name}.{each}", said, own)
    return differences


def _differences(name: str, theirs: dict[str, Any], ours: dict[str, Any] | None) -> Differences:
    if ours is None:
        return {name: "absent"}
    if theirs["kind"] == "callable" and ours["kind"] == "callable":
        if _accepts(ours["parameters"], theirs["parameters"]):
            return {}
        return {name: f"took `{_shown(theirs['parameters'])}`, takes `{_shown(ours['parameters'])}`"}
    kinds = {theirs["kind"], ours["kind"]}
    if len(kinds) > 1 and kinds not in ({"value", "choice"}, {"value", "field"}, {"property", "field"}):
        return {name: f"was a {theirs['kind']}, is a {ours['kind']}"}
    if ours.get("required") and not theirs.get("required", True):
        return {name: "is required"}
    if theirs.get("value") != ours.get("value") and kinds == {"choice"}:
        return {name: f"was `{theirs['value']}`, is `{ours['value']}`"}
    return {}


def _accepts(ours: list[list[Any]] | None, theirs: list[list[Any]] | None) -> bool:
    """Whether each call that fits their parameters fits ours and means the same."""
    if ours is None or theirs is None:
        return ours == theirs
    kinds = {kind for _, kind, _ in ours}
    by_name = {name: (kind, default) for name, kind, default in ours}
    positions = [name for name, kind, _ in ours if kind in _BY_POSITION]
    for index, (name, kind, default) in enumerate(
        p for p in theirs if p[1] in (*_BY_POSITION, "KEYWORD_ONLY")
    ):
        if name not in by_name:
            if "VAR_KEYWORD" in kinds and kind == "KEYWORD_ONLY":
                continue
            return False
        if kind in _BY_POSITION and (index >= len(positions) or positions[index] != name):
            return False
        if default is not None and by_name[name][1] != default:
            return False
    theirs_names = {name for name, _, _ in theirs}
    further = [name for name, kind, default in ours if kind[:3] != "VAR" and default is None]
    takes_any = all(kind in kinds for _, kind, _ in theirs if kind.startswith("VAR"))
    return takes_any and all(name in theirs_names for name in further)


def _shown(parameters: list[list[Any]] | None) -> str:
    if parameters is None:
        return "(...)"
    stars = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}
    texts = [
        f"{stars.get(kind, '')}{name}" + ("" if default is None else f"={default[0]!r}")
        for name, kind, default in parameters
    ]
    return f"({', '.join(texts)})".replace("|", "/")
