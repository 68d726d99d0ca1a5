"""requirements.txt, as a bundle has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from steamship_engine.model.errors import InvalidRequirementsError
from steamship_engine.runtime import requirements
from tests.fuzzing.target import Target, check_words


def check(data: bytes) -> None:
    """Lines that name distributions alone and that read back as themselves, or a refusal that can be told."""
    try:
        asked = requirements.parse(data.decode("utf-8-sig", errors="replace"))
        admitted = asked.admits_native, asked.admits_sdk("3.0.0")
        assert admitted in [(True, True), (True, False), (False, False)]
        lines = asked.lines, asked.original_lines
    except InvalidRequirementsError as error:
        check_words(error.message, error.suggestion)
        return
    for line in (*lines[0], *lines[1]):
        assert not line.startswith(("-", ".", "/", "~", "git+"))
        assert len(line.splitlines()) == 1
        assert "@" not in line.partition(";")[0]
    again = requirements.parse("\n".join(lines[0]))
    assert again.lines == lines[0]
    assert requirements.parse("\n".join(lines[1])).lines == lines[0]


@st.composite
def _lines(draw: Callable[..., Any]) -> bytes:
    pick = st.sampled_from
    text = ""
    for _ in range(draw(st.integers(1, 4))):
        text += draw(
            pick(["attrs", "steamship", "Steam_Ship", "a.b-c", "x" * 300, "é", "-r x", "git+x://y", ""])
        )
        text += draw(pick(["", "[a]", "[a,B_c]", "[]", "[", " "]))
        text += draw(
            pick(["", "==1", ">=2,<3", "~=2.17", "===odd", "==1.*", "!=" + "9" * 5_000, "==1!2.0.post1+a", "<", "@ file:///a", "@ a"])
        )  # fmt: skip
        text += draw(
            pick(["", ";python_version<'3.11'", "; os_name ~= 'posix'", "; extra == 'a'", "; 'a' < 'b'", ";x", "; os_name in 'a\\\"'", " ;" + "(" * 300])
        )  # fmt: skip
        text += draw(pick(["\n", "\n", "\r\n", "\\\n", " # why\n", "\u2028", "\x1c", " --hash=a\n"]))
    return text.encode()


TARGET = Target("requirements", check, _lines(), (requirements,))
