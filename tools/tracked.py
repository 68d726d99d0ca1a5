"""The repository's own files, as git knows them."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tools.stamps import ROOT


def tracked_files(*suffixes: str) -> list[Path]:
    """Paths relative to the root, of the current folder too, sorted; all, or those with a suffix.

    New files that git does not ignore count, deleted ones do not.
    """
    listing = subprocess.run(
        [
            "git",
            "-c",
            f"safe.directory={ROOT}",
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    paths = sorted({Path(name) for name in listing.split("\0") if name})
    return [path for path in paths if (not suffixes or path.suffix in suffixes) and (ROOT / path).is_file()]
