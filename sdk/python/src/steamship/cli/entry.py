"""The console script `ship`: what takes a command longest begins before the command line is read."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext

_DEPLOYING = ("deploy", "it")
_ASKING = ("-h", "--help")


def main() -> None:
    """Run the command line of this process."""
    words = sys.argv[1:]
    beside: AbstractContextManager[None] = nullcontext()
    if words and words[0] in _DEPLOYING and not set(words) & set(_ASKING):
        from steamship.cli.check_process import ahead

        beside = ahead()
    with beside:
        from steamship.cli.main import run

        code = run(words)
    sys.exit(code)
