"""What starting the command costs."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("rich", "pydantic", "urllib3", "steamship_engine", "ssl", "importlib.metadata")


def _loaded(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(done.stderr.split())


def test_importing_it_is_light():
    """`steamship.cli.main` loads none of the large libraries, nor the engine."""
    assert not _loaded("import steamship.cli.main").intersection(HEAVY)


def test_help_is_light():
    """Nor does `ship --help`, and no command's module."""
    loaded = _loaded("from steamship.cli.main import run\nassert run(['--help']) == 0")
    assert not loaded.intersection(HEAVY)
    assert {name for name in loaded if name.startswith("steamship.cli.")} == {
        "steamship.cli.failures",
        "steamship.cli.main",
        "steamship.cli.session",
    }


def test_no_rich_where_nobody_looks():
    """Where standard output is no terminal, a command that makes progress does without rich."""
    loaded = _loaded(
        "from steamship.cli.progress import Progress\n"
        "with Progress(as_json=False) as progress:\n"
        "    progress.doing('it')\n"
        "    progress.done('it')"
    )
    assert "rich" not in loaded
