"""The packages of examples/, deployed and used as their READMEs say."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from steamship import Steamship
from steamship.base.error import PackageError
from steamship.utils.url import Verb
from tests.services.deploying import EXAMPLES, Deploy, files_of

PENGUINS = (EXAMPLES / "tabular" / "penguins.csv").read_text()


@pytest.fixture
def at_home(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK in this process speaks to the shared engine."""
    monkeypatch.setenv("STEAMSHIP_API_KEY", engine.key)
    monkeypatch.setenv("STEAMSHIP_API_BASE", engine.api_base)
    monkeypatch.setenv("STEAMSHIP_APP_BASE", engine.app_base)


@pytest.fixture(scope="module")
def examples(deploy: Deploy) -> None:
    """The two examples that no page of the docs uses, deployed."""
    for name in ("notebook", "tabular"):
        deploy(name, files_of(EXAMPLES / name), version="1.0.0")


@pytest.mark.usefixtures("at_home", "examples")
def test_notebook_finds_what_it_was_given() -> None:
    """Notes are found by their words, the best first, and another instance has none of them."""
    notebook = Steamship.use("notebook", "recipes")
    notebook.invoke("add", title="Bread", text="Flour, water, salt and time.")
    notebook.invoke("add", title="Soup", text="Water, and whatever there is.")
    assert notebook.invoke("search", query="salt") == [
        {"title": "Bread", "snippet": "Flour, water, [salt] and time."}
    ]
    assert {found["title"] for found in notebook.invoke("search", query="water")} == {"Bread", "Soup"}
    assert Steamship.use("notebook", "diary").invoke("titles", verb=Verb.GET) == []


@pytest.mark.usefixtures("at_home", "examples")
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


@pytest.mark.usefixtures("at_home", "examples")
def test_tabular_tells_what_is_in_a_table() -> None:
    """The summary of the penguins has their number, their gaps and their spread."""
    summary = Steamship.use("tabular", "penguins").invoke("summary", csv=PENGUINS)
    assert summary["rows"] == 344
    mass = summary["columns"]["body_mass_g"]
    assert (mass["kind"], mass["missing"], mass["median"]) == ("number", 2, 4050.0)


@pytest.mark.usefixtures("at_home", "examples")
def test_tabular_draws() -> None:
    """The chart is a PNG of a size to look at, and a column that is not there is named."""
    tabular = Steamship.use("tabular", "charts", config={"colour": "#aa3355"})
    picture = tabular.invoke("chart", csv=PENGUINS, column="flipper_length_mm", by="species")
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", picture[16:24])
    assert width > 300
    assert height > 200
    with pytest.raises(PackageError, match="wing_length"):
        tabular.invoke("chart", csv=PENGUINS, column="wing_length")
