"""The console script, and the process that it begins beside `ship deploy`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from steamship.cli import check_process
from steamship.cli.check_process import ahead, for_native
from tools.stamps import ROOT

GREETER = ROOT / "tests" / "packages" / "greeter"
# Each word of its table that is asked for tells which modules came before it.
_TRACED = """
import subprocess, sys
from steamship.cli.entry import main
started = []
class Popen(subprocess.Popen):
    def __init__(self, words, *more, **named):
        started.append((words[-1], "click" in sys.modules))
        super().__init__(words, *more, **named)
subprocess.Popen = Popen
sys.argv[1:] = {words}
try:
    main()
finally:
    print(started, file=sys.stderr)
"""


@pytest.fixture
def scratch(tmp_path, monkeypatch) -> Path:
    """The folder for temporary files of what is started here."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return folder


def _traced(folder: Path, *words: str) -> str:
    code = _TRACED.format(words=list(words))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.stderr.strip().splitlines()[-1]


def _until(holds: Callable[[], object]) -> None:
    ends = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.02)


def _ended(pid: int) -> bool:
    """Whether the process has ended; nobody may have asked how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("word", ["deploy", "it"])
def test_a_deploy_begins_its_check_before_anything_else(tmp_path, scratch, word):
    """The check's process starts while nothing of the command line's library is loaded, and it ends with the command."""
    assert _traced(tmp_path, word) == "[('steamship.cli.check_run', False)]"
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("words", [["deploy", "--help"], ["whoami"], ["--json", "deploy"], []])
def test_no_other_command_begins_one(tmp_path, scratch, words):
    """Help, other commands and a command line that begins otherwise start nothing before they are read."""
    assert _traced(tmp_path, *words) == "[]"
    assert list(scratch.iterdir()) == []


def test_a_killed_command_leaves_no_process(scratch):
    """The process that waits for its order ends when whoever would give it is gone."""
    code = "import time\nfrom steamship.cli.check_process import ahead\nwith ahead():\n    print(flush=True)\n    time.sleep(60)"
    asker = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert asker.stdout is not None
    assert asker.stdout.readline()
    (waiting,) = map(int, Path(f"/proc/{asker.pid}/task/{asker.pid}/children").read_text().split())
    assert not _ended(waiting)
    os.kill(asker.pid, signal.SIGKILL)
    asker.wait()
    asker.stdout.close()
    _until(lambda: _ended(waiting))


def test_the_process_that_was_begun_is_the_one_that_checks(scratch):
    """It is handed out once; a further check gets a process of its own."""
    with ahead():
        (waiting,) = check_process._ahead
        first, second = for_native(), for_native()
        try:
            assert first is waiting
            assert second is not waiting
            for process in (first, second):
                process.check(GREETER)
                assert process.exit_code(60) == 0
                assert process.result == '{"routes": 2}'
        finally:
            first.end()
            second.end()
    assert list(scratch.iterdir()) == []
