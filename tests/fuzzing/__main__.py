"""`python -m tests.fuzzing TARGET --seconds N`: a campaign; what fails is kept in tests/corpus/.

With `--keep`, inputs that reached lines which no kept input reaches are kept too. Memory is bounded and each
input's time too; the input at work is in a file of its own, for the case that it ends the process.
"""

from __future__ import annotations

import argparse
import faulthandler
import secrets
import sys
import tempfile
import traceback
from pathlib import Path

from tests.fuzzing import corpus
from tests.fuzzing.campaign import Campaign
from tests.fuzzing.table import TARGETS
from tests.fuzzing.watch import bound_memory

_MEMORY = 1024 * 1024 * 1024
_GRACE = 60


def main() -> int:
    """Run one campaign; 1 when an input failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing")
    parser.add_argument("target", choices=sorted(TARGETS))
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 31))
    parser.add_argument("--keep", action="store_true")
    asked = parser.parse_args()
    bound_memory(_MEMORY)
    with tempfile.TemporaryDirectory() as folder:
        at_work = Path(folder, "input")
        _say(f"{asked.target}: seed {asked.seed}; the input at work is {at_work}")
        faulthandler.dump_traceback_later(asked.seconds + _GRACE, exit=True)
        campaign = Campaign(TARGETS[asked.target], at_work.write_bytes)
        campaign.run(asked.seconds, asked.seed)
        faulthandler.cancel_dump_traceback_later()
    _say(f"{asked.target}: {campaign.examined} inputs, {len(campaign.arcs)} steps between lines")
    if asked.keep:
        for content in campaign.found:
            _say(f"kept {corpus.keep(asked.target, content, 'reached')}")
    if campaign.failed is None or campaign.error is None:
        return 0
    path = corpus.keep(asked.target, campaign.failed, "failed")
    traceback.print_exception(campaign.error)
    _say(f"with {path}: {campaign.failed[:500]!r}")
    return 1


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
