"""The demo's transcript remembers what was wrong."""

from __future__ import annotations

import pytest

from tools.demo.transcript import Transcript


def test_right_answers_end_with_zero(capsys: pytest.CaptureFixture[str]) -> None:
    """Where every answer was right the exit code is 0."""
    transcript = Transcript()
    transcript.expect("greet", "Hello!", True)
    assert transcript.close() == 0
    assert "Every answer was right." in capsys.readouterr().out


def test_a_wrong_answer_ends_with_one_and_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Where one answer was wrong the exit code is 1, and the last words say which."""
    transcript = Transcript()
    transcript.expect("greet", "Hello!", True)
    transcript.expect("versions of greeter", ["0.9"], False)
    assert transcript.close() == 1
    assert capsys.readouterr().out.endswith("Wrong answers:\n  - versions of greeter: ['0.9']\n")
