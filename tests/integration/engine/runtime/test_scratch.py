"""The engine's corner of the data folder ends with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from steamship_engine.runtime import trees
from steamship_engine.runtime.scratch import Scratch

_LEAVE_WORK = (
    "import os, sys; from pathlib import Path; from steamship_engine.runtime.scratch import Scratch; "
    "Scratch(Path(sys.argv[1])).folder('work'); os._exit(1)"
)


def test_leftovers_of_a_killed_engine_are_removed_at_the_next_start(tmp_path):
    """An engine that died without closing leaves a folder, which the next one takes away."""
    subprocess.run([sys.executable, "-c", _LEAVE_WORK, tmp_path], check=False, env={})
    assert len(list(tmp_path.glob("*/work-*"))) == 1
    scratch = Scratch(tmp_path)
    assert not list(tmp_path.glob("*/work-*"))
    scratch.close()
    assert not list(tmp_path.iterdir())


def test_an_engine_leaves_a_living_one_alone(tmp_path):
    """Two engines on one data folder do not see each other's work."""
    one = Scratch(tmp_path)
    work = one.folder("work")
    other = Scratch(tmp_path)
    assert work.is_dir()
    other.close()
    assert work.is_dir()
    one.close()
    assert not list(tmp_path.iterdir())


def test_a_tree_is_removed_whatever_its_folders_forbid(tmp_path):
    """Read-only and unreadable folders, and links that lead away, are no obstacle; what links lead to stays."""
    tree = tmp_path / "tree"
    (tree / "a" / "b").mkdir(parents=True)
    (tree / "a" / "b" / "file").write_text("x")
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o500)
    (tree / "link").symlink_to(outside)
    (tree / "a" / "b").chmod(0)
    (tree / "a").chmod(0o500)
    trees.remove(tree)
    trees.remove(tree)
    assert [path.name for path in Path(tmp_path).iterdir()] == ["outside"]
    assert outside.stat().st_mode & 0o777 == 0o500
