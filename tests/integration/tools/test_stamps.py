"""Steps of the set-up, done again only when what they depend on has changed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools import stamps
from tools.stamps import run_when_changed


@pytest.fixture(autouse=True)
def _own_stamps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stamps, "STAMPS", tmp_path / "stamps")


class Step:
    """A step that copies its input, and counts how often it was done."""

    def __init__(self, folder: Path) -> None:
        self.input, self.output, self.runs = folder / "input", folder / "output", 0
        self.input.write_text("one")

    def __call__(self, *facts: str) -> bool:
        return run_when_changed("step", self._copy, inputs=[self.input], outputs=[self.output], facts=facts)

    def _copy(self) -> None:
        self.runs += 1
        self.output.write_text(self.input.read_text())


def test_the_second_run_does_nothing(tmp_path: Path) -> None:
    """A step whose input has not changed is not done again, whatever the file's date."""
    step = Step(tmp_path)
    assert step() is True
    step.input.touch()
    assert step() is False
    assert step.runs == 1


def test_a_changed_input_does_it_again(tmp_path: Path) -> None:
    """A step is done again when the bytes of an input differ."""
    step = Step(tmp_path)
    step()
    step.input.write_text("two")
    assert step() is True
    assert step.output.read_text() == "two"


def test_a_lost_output_or_another_fact_does_it_again(tmp_path: Path) -> None:
    """A step is done again when its output is gone or a fact that it depends on is another."""
    step = Step(tmp_path)
    step("python 3.11")
    step.output.unlink()
    assert step("python 3.11") is True
    assert step("python 3.12") is True
    assert step("python 3.12") is False


def test_a_failed_step_is_done_again(tmp_path: Path) -> None:
    """A step that raised leaves no stamp, not even the one of the run before."""
    step = Step(tmp_path)
    step()

    def fail() -> None:
        raise OSError("no network")

    step.input.write_text("two")
    with pytest.raises(OSError, match="no network"):
        run_when_changed("step", fail, inputs=[step.input])
    step.input.write_text("one")
    assert step() is True


def test_two_set_ups_take_turns(tmp_path: Path) -> None:
    """While one process holds the set-up lock, another waits for it."""
    program = (
        "import sys; from pathlib import Path; from tools import stamps; stamps.STAMPS = Path(sys.argv[1])\n"
        "with stamps.one_at_a_time(): print('in', flush=True); sys.stdin.readline(); print('out', flush=True)"
    )

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", program, tmp_path],
            cwd=stamps.ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    with start() as first:
        assert first.stdout and first.stdout.readline() == "in\n"
        with start() as second:
            assert second.stdin
            second.stdin.write("\n")  # it leaves as soon as it is in
            second.stdin.flush()
            with pytest.raises(subprocess.TimeoutExpired):
                second.wait(0.5)
            first.communicate("\n", timeout=30)
            assert second.communicate(timeout=30)[0] == "in\nout\n"
