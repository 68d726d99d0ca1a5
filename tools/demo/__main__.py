"""`make demo`: exits 0 when every answer was right, and 1 with the wrong ones named."""

from __future__ import annotations

import os
import sys
import time

from tools.demo import walk
from tools.demo.stage import Stage, StageError
from tools.demo.transcript import Transcript


def main() -> int:
    """Run the whole walk against an engine of its own."""
    started = time.monotonic()
    transcript = Transcript()
    try:
        with Stage() as stage:
            _live_in(stage)
            transcript.heading(
                f"An engine at {stage.address}, with a fresh data directory and a home of its own"
            )
            walk.deploy_examples(stage, transcript)
            greeter = walk.walk_python(transcript)
            walk.walk_curl(stage, transcript, greeter)
            walk.walk_typescript(stage, transcript)
            walk.walk_notebook(transcript)
            walk.walk_tabular(stage, transcript)
            walk.walk_versions(stage, transcript, greeter)
            walk.walk_mistakes(transcript, greeter)
    except Exception as error:
        transcript.expect("the walk ended early", f"{type(error).__name__}: {error}", False)
        if not isinstance(error, StageError):
            raise
    code = transcript.close()
    transcript.remark(f"It took {time.monotonic() - started:.1f} s.")
    return code


def _live_in(stage: Stage) -> None:
    """Give this process the stage's home and none of the caller's own settings."""
    for name in [name for name in os.environ if name.startswith("STEAMSHIP_")]:
        del os.environ[name]
    os.environ["HOME"] = str(stage.home)


if __name__ == "__main__":
    sys.exit(main())
