"""The original client's interpreter."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools import original


@pytest.fixture(scope="session")
def original_python() -> Path:
    """The interpreter whose environment holds the original client; its `import steamship` works."""
    done = (
        subprocess.run(
            [original.PYTHON, "-I", "-c", "import steamship"], capture_output=True, text=True, check=False
        )
        if original.PYTHON.exists()
        else None
    )
    if done is None or done.returncode:
        reason = done.stderr.strip().splitlines()[-1:] if done else ["there is no .venv-original"]
        pytest.fail(
            f"the original client is missing ({' '.join(reason)}); run `make setup-test`", pytrace=False
        )
    return original.PYTHON
