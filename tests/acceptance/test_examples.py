"""The packages of examples/: deployed with `ship deploy`, used as their READMEs say, and every method called."""

from __future__ import annotations

import ast
import json
import shutil
import struct
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from steamship import Steamship
from steamship.base.error import InvalidRequestError, NotFoundError, PackageError
from steamship.utils.url import Verb
from tests.services.command_line import CommandLine
from tests.services.pages import ROOT, blocks, page

EXAMPLES = sorted(path.parent.name for path in (ROOT / "examples").glob("*/steamship.json"))
PENGUINS = (ROOT / "examples" / "tabular" / "penguins.csv").read_text()


@pytest.fixture(scope="module")
def folder(engine: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the examples, each deployed from its folder by a user of their own; the user's home is `home`."""
    folder = tmp_path_factory.mktemp("examples")
    shutil.copytree(ROOT / "examples", folder, dirs_exist_ok=True)
    (folder / "home").mkdir()
    ship = CommandLine(folder / "home", folder)
    ship.become(engine, engine.key)
    for name in EXAMPLES:
        taken = {package["handle"] for package in ship.done("packages", "--json").json()}
        version = ["--version", "9.0.0"] if name in taken else []  # other tests deploy the greeter, too
        made = CommandLine(folder / "home", folder / name).done("deploy", "--json", *version).json()
        assert made["kind"] == "native"
    return folder


@pytest.fixture(autouse=True)
def at_home(engine: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK in this process finds what `ship login` stored."""
    monkeypatch.setenv("HOME", str(folder / "home"))


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_readme_s_program(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The README's Python runs as it stands, in the package's folder, and each value is the one beside it."""
    monkeypatch.chdir(folder / name)
    [program] = [block.text for block in blocks(f"examples/{name}/README.md") if block.language == "python"]
    lines, names, compared = program.splitlines(), {}, 0
    for statement in ast.parse(program).body:
        expected = lines[statement.end_lineno - 1].partition("  # ")[2]
        if isinstance(statement, ast.Expr) and expected:
            value = eval(compile(ast.Expression(statement.value), name, "eval"), names)
            assert value == ast.literal_eval(expected)
            compared += 1
        else:
            exec(compile(ast.Module([statement], []), name, "exec"), names)
    assert compared
    assert all(f"`{method}`" in page(f"examples/{name}/README.md") for method in _methods(name))


def _methods(name: str) -> list[str]:
    """What the package's own methods are called in a README: `POST greet`."""
    told = Steamship.use(name, f"{name}-told").invoke("__dir__")["methods"]
    return [f"{m['verb']} {m['path'][1:]}" for m in told if not m["path"].startswith("/__")]


def test_greeter() -> None:
    """It greets by name and by default, and says hello to those without a key, by GET alone."""
    greeter = Steamship.use("greeter", "greeter-calls")
    assert greeter.invoke("greet") == "Hello, you!"
    assert greeter.invoke("greet", name="Å & co") == "Hello, Å & co!"
    with urllib.request.urlopen(f"{greeter.invocation_url}hello") as answer:
        assert answer.read() == b"Hello from greeter-calls."
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{greeter.invocation_url}greet", b"{}")
    with refused.value as told:
        assert (told.code, json.load(told)["status"]["statusCode"]) == (401, "AuthenticationRequired")
    with pytest.raises(NotFoundError, match="No handler for POST /hello available"):
        greeter.invoke("hello")
    with pytest.raises(InvalidRequestError, match='"nme" is not an argument'):
        greeter.invoke("greet", nme="you")


def test_notebook_finds_what_it_was_given() -> None:
    """Notes are found by all their words, the best first, at most so many, and another instance has none of them."""
    notebook = Steamship.use("notebook", "cookbook")
    assert notebook.invoke("add", title="Bread", text="Flour, water, salt and time.") == {
        "title": "Bread",
        "words": 5,
    }
    notebook.invoke("add", title="Soup", text="Water, and whatever there is.")
    assert notebook.invoke("search", query="salt") == [
        {"title": "Bread", "snippet": "Flour, water, [salt] and time."}
    ]
    assert {found["title"] for found in notebook.invoke("search", query="water")} == {"Bread", "Soup"}
    assert len(notebook.invoke("search", query="water", limit=1)) == 1
    for nothing in ("", '"', "salt pepper", "NOT", "a*(b"):
        assert notebook.invoke("search", query=nothing) == []
    assert notebook.invoke("titles", verb=Verb.GET) == ["Bread", "Soup"]
    assert Steamship.use("notebook", "diary").invoke("titles", verb=Verb.GET) == []


def test_notebook_keeps_one_note_a_title() -> None:
    """A note replaces the one of its title, and is gone from search and list when it is removed."""
    notebook = Steamship.use("notebook", "revisions")
    notebook.invoke("add", title="Plan", text="Walk.")
    notebook.invoke("add", title="Plan", text="Sail.")
    assert notebook.invoke("read", verb=Verb.GET, title="Plan") == "Sail."
    assert notebook.invoke("search", query="walk") == []
    assert notebook.invoke("remove", title="Plan") is True
    assert notebook.invoke("remove", title="Plan") is False
    assert notebook.invoke("titles", verb=Verb.GET) == []
    with pytest.raises(PackageError, match='There is no note "Plan"'):
        notebook.invoke("read", verb=Verb.GET, title="Plan")
    with pytest.raises(PackageError, match="A note needs a title"):
        notebook.invoke("add", title=" ", text="Nowhere.")


def test_tabular_tells_what_is_in_a_table() -> None:
    """The summary of the penguins has their number, their gaps, their spread and their kinds."""
    summary = Steamship.use("tabular", "penguins").invoke("summary", csv=PENGUINS)
    assert summary["rows"] == 344
    mass = summary["columns"]["body_mass_g"]
    assert (mass["kind"], mass["missing"], mass["median"]) == ("number", 2, 4050.0)
    assert summary["columns"]["species"]["kind"] == "text"


@pytest.mark.parametrize(
    ("csv", "problem"),
    [
        ("", "The CSV has no rows"),
        ("a,b\n", "The CSV has no rows"),
        ("a,a\n1,2\n", "Two columns of the CSV have the same name"),
        ("a,b\n1,2\n3\n", "Line 3 of the CSV has 1 fields, its header has 2"),
    ],
)
def test_tabular_says_what_is_wrong_with_a_table(csv: str, problem: str) -> None:
    """A table that cannot be read is told by what is wrong in it."""
    tabular = Steamship.use("tabular", "penguins")
    for call in ({"method": "summary"}, {"method": "chart", "column": "a"}):
        arguments = {name: value for name, value in call.items() if name != "method"}
        with pytest.raises(PackageError, match=problem):
            tabular.invoke(call["method"], csv=csv, **arguments)


def test_tabular_draws() -> None:
    """The chart is a PNG of a size to look at; a column that is not there, or holds no numbers, is named."""
    tabular = Steamship.use("tabular", "charts", config={"colour": "#aa3355"})
    for by in (None, "species"):
        picture = tabular.invoke("chart", csv=PENGUINS, column="flipper_length_mm", by=by)
        assert picture[:8] == b"\x89PNG\r\n\x1a\n"
        width, height = struct.unpack(">II", picture[16:24])
        assert width > 300
        assert height > 200
    for column, by in (("wing_length", None), ("species", None), ("body_mass_g", "colour")):
        with pytest.raises(PackageError, match=f'"{by or column}"'):
            tabular.invoke("chart", csv=PENGUINS, column=column, by=by)
    with pytest.raises(PackageError, match="mauvais"):
        Steamship.use("tabular", "odd", config={"colour": "mauvais"}).invoke(
            "chart", csv=PENGUINS, column="body_mass_g"
        )


def test_tabular_by_a_form(engine: Any, folder: Path) -> None:
    """The form that the README sends by curl uploads the file itself."""
    assert "-F csv=@penguins.csv {invocation_url}summary" in page("examples/tabular/README.md")
    url = Steamship.use("tabular", "penguins").invocation_url
    key = ["-H", f"Authorization: Bearer {engine.key}"]
    told = subprocess.run(
        ["curl", "-sS", *key, "-F", "csv=@penguins.csv", f"{url}summary"],
        cwd=folder / "tabular",
        check=True,
        capture_output=True,
    )
    assert json.loads(told.stdout)["rows"] == 344
