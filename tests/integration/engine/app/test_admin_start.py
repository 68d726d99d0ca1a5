"""What starting an administrator's command costs."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("fastapi", "uvicorn", "alembic", "steamship_engine.runtime.runtime", "steamship_engine.app.engine")


def test_it_loads_no_engine() -> None:
    """A command beside an engine loads the database's part of it: no web framework, no runtime, no migrations."""
    code = "import sys\nimport steamship_engine.app.admin\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert "steamship_engine.store.migrate" in loaded
    assert not loaded.intersection(HEAVY)
