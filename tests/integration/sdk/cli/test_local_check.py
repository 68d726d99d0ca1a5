"""Importing the author's class in a subprocess, before anything is uploaded."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from steamship.base.error import DeployError
from steamship.cli.local_check import Checked, LocalCheck
from steamship.cli.project import Project
from tools.stamps import ROOT

PACKAGES = ROOT / "tests" / "packages"
MANIFEST = {"handle": "greeter", "version": "1.0.0"}


def _check(folder: Path, time_limit_s: float = 60) -> Checked:
    with LocalCheck(Project(folder, MANIFEST), time_limit_s) as check:
        return check.result()


def _until(holds: Callable[[], object]) -> None:
    ends = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.02)


def _refused(folder: Path, time_limit_s: float = 60) -> DeployError:
    with pytest.raises(DeployError) as caught:
        _check(folder, time_limit_s)
    return caught.value


def _written(folder: Path, source: str, **files: str) -> Path:
    (folder / "api.py").write_text(f"from steamship.invocable import PackageService, post\n{source}")
    for name, text in files.items():
        (folder / name.replace("_txt", ".txt")).write_text(text)
    return folder


@pytest.mark.parametrize("name", ["greeter", "shadows", "prints", "forks_on_import"])
def test_good_code(name):
    """Code that can be served passes, whatever it prints or starts; nothing is left in its folder."""
    checked = _check(PACKAGES / name)
    assert checked.doubt is None
    assert checked.routes
    assert not (PACKAGES / name / "__pycache__").exists()


def test_source_folder(tmp_path):
    """Code in `src/` is imported from there."""
    (tmp_path / "src").mkdir()
    _written(tmp_path / "src", "import beside\nclass Here(PackageService): ...")
    (tmp_path / "src" / "beside.py").touch()
    assert _check(tmp_path).routes == 0


def test_syntax_error():
    """A syntax error is told with file, line and text."""
    error = _refused(PACKAGES / "syntax_error")
    assert error.message.startswith("api.py:")
    assert "return (" in error.message


def test_syntax_error_elsewhere(tmp_path):
    """A syntax error in an imported module is told with that module's name."""
    _written(tmp_path, "import other")
    (tmp_path / "other.py").write_text("\nx = = 1\n")
    assert _refused(tmp_path).message.startswith("other.py:2: invalid syntax")


def test_missing_module():
    """A module that nothing could bring is told by its name and where it is imported."""
    error = _refused(PACKAGES / "bad_import")
    assert error.message == "No module named 'a_module_that_is_not_there' (api.py:3)."
    assert "requirements.txt" in error.suggestion


def test_module_that_requirements_may_bring(tmp_path):
    """With a requirement that is not installed here, the engine decides."""
    _written(tmp_path, "import not_here_either", requirements_txt="no-such-distribution>=1\n")
    assert _check(tmp_path).doubt == '"no-such-distribution" of requirements.txt is not installed here'


def test_module_that_requirements_do_not_bring(tmp_path):
    """With all requirements installed here, a missing module is missing."""
    _written(tmp_path, "import not_here_either", requirements_txt="click>=8\n")
    assert "No module named 'not_here_either'" in _refused(tmp_path).message


def test_module_of_the_original_sdk(tmp_path):
    """A module that only the original SDK has is told as such."""
    error = _refused(_written(tmp_path, "from steamship.agents.schema import Agent"))
    assert "No module named 'steamship.agents'" in error.message
    assert "steamship<3" in error.suggestion


def test_original_code_is_not_imported_by_this_sdk(tmp_path, monkeypatch):
    """Code that requires the original SDK is left to the engine where nothing here has that."""
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    _written(tmp_path, "raise RuntimeError('imported')", requirements_txt="steamship==2.17.34\n")
    assert _check(tmp_path).doubt == "nothing here has the original SDK that it is written on"


@pytest.mark.parametrize(
    ("name", "words"), [("no_class", "defines no package"), ("two_classes", '"First", "Second"')]
)
def test_not_one_class(name, words):
    """No class, or two, is refused with what to do."""
    error = _refused(PACKAGES / name)
    assert words in error.message
    assert error.suggestion


def test_reserved_path(tmp_path):
    """What a deploy refuses about a class is refused here."""
    error = _refused(
        _written(tmp_path, 'class Here(PackageService):\n    @post("mcp")\n    def f(self): ...')
    )
    assert '"POST /mcp" cannot be served' in error.message


def test_exception_at_import():
    """An exception is told with its place and the traceback of the author's own lines alone."""
    error = _refused(PACKAGES / "raises_on_import")
    assert error.message.startswith('api.py:5: "api.py" cannot be imported: ValueError: the table is empty')
    assert 'File "api.py", line 8' in error.message
    assert "check_run" not in error.message
    assert "importlib" not in error.message


def test_exit_at_import():
    """sys.exit at the top level is told as such."""
    assert "sys.exit(3)" in _refused(PACKAGES / "exits_on_import").message


def test_dying_interpreter():
    """A process that ends without a word is told with what it printed last."""
    error = _refused(PACKAGES / "dies_on_import")
    assert "exit code 3" in error.message
    assert "about to die" in error.message


def test_hanging_import():
    """An import that does not end is ended after the time limit."""
    start = time.monotonic()
    assert "within 3 s" in _refused(PACKAGES / "hangs_on_import", 3).message
    assert time.monotonic() - start < 20


def test_no_keys_and_no_home(tmp_path, monkeypatch):
    """The module sees neither the deployer's variables nor their home folder, as in the engine."""
    monkeypatch.setenv("STEAMSHIP_API_KEY", "canary")
    monkeypatch.setenv("OPENAI_API_KEY", "canary")
    source = (
        "import os, pathlib\nassert 'canary' not in os.environ.values()\nassert str(pathlib.Path.home()) != "
    )
    _written(tmp_path, f"{source}{os.environ['HOME']!r}\nclass Here(PackageService): ...")
    assert _check(tmp_path).routes == 0


def test_client_at_the_top_level(tmp_path):
    """A client that is made while the module is imported fails here as it would in the engine."""
    (Path.home() / ".steamship.json").write_text('{"apiKey": "canary"}')
    error = _refused(_written(tmp_path, "from steamship import Steamship\nclient = Steamship()"))
    assert "AuthenticationError" in error.message
    assert "api.py:3" in error.message


def test_nothing_stays_behind(tmp_path, monkeypatch):
    """Leaving the block ends the import with the processes it started, and removes its scratch folder."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", None)
    pid_file = tmp_path / "pid"
    source = (
        "import subprocess, time\n"
        "child = subprocess.Popen(['sleep', '600'])\n"
        f"open({str(pid_file)!r}, 'w').write(str(child.pid))\n"
        "time.sleep(600)"
    )
    with LocalCheck(Project(_written(tmp_path, source), MANIFEST)):
        _until(lambda: pid_file.is_file() and pid_file.read_text())
    stat = Path(f"/proc/{pid_file.read_text()}/stat")
    _until(lambda: not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z")
    assert list((tmp_path / "temporary").iterdir()) == []
