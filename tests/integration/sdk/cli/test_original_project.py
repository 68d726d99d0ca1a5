"""A project on the original SDK: its bundle beside the one that the original's command line makes, and its template."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from steamship.base.error import DeployError, InvalidBundleError
from steamship.cli.bundle import make_bundle
from steamship.cli.local_check import Checked, LocalCheck
from steamship.cli.original_python import original_python
from steamship.cli.project import Project, check_manifest, read_manifest, write_manifest
from tests.services.original_client import Original
from tools import original

CODE = """
import beside
from enum import Enum
from typing import Optional

from pydantic import Field
from steamship.invocable import Config, PackageService, post


class Tone(str, Enum):
    KIND = "kind"


class GreeterConfig(Config):
    greeting: str = Field("Hello", description="The first word.")
    times: Optional[int]
    loud: bool = False
    tone: Tone = Tone.KIND
    empty: str = ""


class Greeter(PackageService):
    config: GreeterConfig

    @classmethod
    def config_cls(cls):
        return GreeterConfig

    @post("greet")
    def greet(self, name: str) -> str:
        return name
"""
TEMPLATE = {
    "greeting": {"type": "string", "description": "The first word.", "default": "Hello"},
    "times": {"type": "number"},
    "loud": {"type": "boolean", "default": False},
    "tone": {"type": "string", "default": "kind"},
    "empty": {"type": "string", "default": ""},
}
MANIFEST = {
    "type": "package",
    "handle": "greeter",
    "version": "1.0.0",
    "public": False,
    "steamshipRegistry": {"tags": []},
    "build_config": {"ignore": ["drafts", "notes.txt"]},
}
FILES = {
    "src/api.py": CODE,
    "src/beside.py": "",
    "src/pkg/__init__.py": "",
    "src/pkg/deep/er.py": "x = 1\n",
    "src/pkg/tests/left_out.py": "",
    "src/pkg/tests/fixtures/kept.txt": "only the excluded folder's own files are left out",
    "src/pkg/drafts/left_out.txt": "",
    "src/.steamship/secrets.toml": 'token = "t"\n',
    "src/__pycache__/api.cpython-310.pyc": "",
    "data/words.txt": "words",
    "data/more/words.txt": "more",
    "tests/test_it.py": "",
    "examples/one.py": "",
    "build/old.zip": "",
    ".venv/lib/x.py": "",
    "drafts/one.txt": "",
    "notes.txt": "",
    ".github/workflows/ci.yml": "on: push",
    "README.md": "# Greeter",
    "requirements.txt": "steamship==2.17.34\n",
    "steamship.json": json.dumps(MANIFEST),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with something in every corner."""
    for name, text in FILES.items():
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "project"


def project(folder: Path, **changed) -> Project:
    """The project in a folder."""
    return Project(folder, check_manifest({**(read_manifest(folder) or {}), **changed}))


def checked(folder: Path, **options) -> Checked:
    """What the local check says of it."""
    with LocalCheck(project(folder), **options) as check:
        return check.result()


def entries(content: bytes) -> dict[str, bytes]:
    """A zip's files."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_bundle_is_the_originals(folder: Path, original_python: Path, tmp_path: Path) -> None:
    """The same names with the same bytes as in the archive that the original's command line makes."""
    driver = Original(original_python, tmp_path, {})
    driver(f"""
        import os
        os.chdir({str(folder)!r})
        from steamship.cli.deploy import bundle_deployable, update_config_template
        from steamship.data.manifest import Manifest
        manifest = Manifest.load_manifest()
        update_config_template(manifest)
        bundle_deployable(manifest)
    """)
    driver.close()
    theirs = entries((folder / "build" / "archives" / "greeter_v1.0.0.zip").read_bytes())
    made = make_bundle(project(folder))
    assert entries(made.content) == theirs
    assert made.notes == ()
    assert {"api.py", ".steamship/secrets.toml", "words.txt", "pkg/tests/fixtures/kept.txt"} <= set(theirs)


def test_the_template_is_the_originals(folder: Path, original_python: Path) -> None:
    """The project's own interpreter tells the template that the original's command line would write."""
    (folder / "src" / "api.py").write_text(CODE)
    assert checked(folder, python=original_python) == Checked(template=TEMPLATE)
    assert not (folder / "src" / "__pycache__" / "beside.cpython-310.pyc").exists()


def test_the_projects_own_environment_is_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The active environment comes first, then `.venv` in the project; one without the original SDK counts nothing."""
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    assert original_python(folder) is None
    (folder / ".venv" / "lib" / "x.py").unlink()
    for name in ("lib", "."):
        (folder / ".venv" / name).rmdir()
    (folder / ".venv").symlink_to(original.VENV)
    assert original_python(folder) == folder / ".venv" / "bin" / "python"
    assert checked(folder).template == TEMPLATE
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
    assert original_python(folder) == folder / ".venv" / "bin" / "python"
    monkeypatch.setenv("VIRTUAL_ENV", str(original.VENV))
    assert original_python(folder) == original.VENV / "bin" / "python"


def test_without_the_sdk_the_engine_decides(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no interpreter has the original SDK, or the named one has another, nothing is refused here."""
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    assert checked(folder) == Checked(doubt="nothing here has the original SDK that it is written on")
    doubt = checked(folder, python=Path(sys.executable)).doubt
    assert doubt is not None
    assert "does not have the original SDK: it has steamship 3" in doubt


def test_wrong_code_is_refused(folder: Path, original_python: Path) -> None:
    """A syntax error is told with its file and line; a module that is not there is for the engine to find."""
    (folder / "src" / "api.py").write_text("def broken(:\n")
    with pytest.raises(DeployError, match=r"api\.py:1"):
        checked(folder, python=original_python)
    (folder / "src" / "api.py").write_text(f"import not_here\n{CODE}")
    assert checked(folder, python=original_python).doubt == "No module named 'not_here' (api.py:1)"


def test_meeting_names(folder: Path) -> None:
    """Of two files for one name the project's own folder's wins, then that of `src`, and the other is told."""
    (folder / "src" / "README.md").write_text("# Inner")
    (folder / "data" / "beside.py").write_text("x = 1")
    (folder / "data" / "pkg").mkdir()
    (folder / "data" / "pkg" / "__init__.py").write_text("")
    made = make_bundle(project(folder))
    found = entries(made.content)
    assert (found["README.md"], found["beside.py"]) == (b"# Greeter", b"")
    assert made.notes == (
        '"src/README.md" is left out: "README.md" is "README.md" in the bundle',
        '"data/beside.py" is left out: "src/beside.py" is "beside.py" in the bundle',
    )


def test_secrets_in_the_wrong_place(folder: Path) -> None:
    """A secrets file that lands where no code looks for it is told."""
    (folder / ".steamship").mkdir()
    (folder / ".steamship" / "secrets.toml").write_text("")
    assert "move the folder to src/.steamship" in make_bundle(project(folder)).notes[0]


def test_what_cannot_be_bundled(folder: Path) -> None:
    """A broken link, and names that differ in case only, are refused; an ignored one is not."""
    link = folder / "src" / "gone.txt"
    link.symlink_to("nowhere")
    with pytest.raises(InvalidBundleError, match=r'"src/gone\.txt" is a broken link'):
        make_bundle(project(folder))
    (folder / ".shipignore").write_text("gone.txt\n")
    make_bundle(project(folder))
    (folder / "data" / "API.py").write_text("")
    with pytest.raises(InvalidBundleError, match="differ in the case"):
        make_bundle(project(folder))


def test_another_version_is_in_the_bundle(folder: Path) -> None:
    """A version from the command line is in the bundle's manifest, and the folder's stays as it was."""
    write_manifest(folder, check_manifest(MANIFEST))
    made = make_bundle(project(folder, version="2.0.0"))
    assert json.loads(entries(made.content)["steamship.json"])["version"] == "2.0.0"
    assert read_manifest(folder)["version"] == "1.0.0"


def test_the_check_runs_on_python_3_10(original_python: Path) -> None:
    """What the other interpreter runs is a file that CPython 3.10 compiles."""
    source = Path(make_bundle.__code__.co_filename).with_name("check_run.py")
    done = subprocess.run(
        [original_python, "-c", "import ast, sys; ast.parse(open(sys.argv[1]).read())", source], check=False
    )
    assert done.returncode == 0
