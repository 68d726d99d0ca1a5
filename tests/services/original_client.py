"""The original client, driven from outside its interpreter."""

from __future__ import annotations

import json
import subprocess
import textwrap
from pathlib import Path
from typing import Any

DRIVER = Path(__file__).with_name("original_driver.py")


class OriginalError(Exception):
    """What the original client raised: `type`, `message`, `code`, `suggestion`, `text`."""

    def __init__(self, facts: dict[str, Any]) -> None:
        super().__init__(facts["text"])
        self.type: str = facts["type"]
        self.message: str = facts["message"] or facts["text"]
        self.code: str | None = facts["code"]
        self.suggestion: str | None = facts["suggestion"]


class Original:
    """Code in, `result` out; variables stay from one call to the next."""

    def __init__(self, python: Path, home: Path, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [python, "-u", DRIVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"HOME": str(home), "PATH": "/usr/bin:/bin", **environment},
        )

    def __call__(self, code: str) -> Any:
        """Run `code` and give its variable `result`; OriginalError for what it raised."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"code": textwrap.dedent(code)}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise OriginalError(answer["error"])
        return answer["result"]

    def close(self) -> None:
        """End the process."""
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


def environment_of(engine: Any, key: str) -> dict[str, str]:
    """The variables that point the original client at an engine."""
    return {
        "STEAMSHIP_API_KEY": key,
        "STEAMSHIP_API_BASE": engine.api_base,
        "STEAMSHIP_APP_BASE": engine.app_base,
        "STEAMSHIP_WEB_BASE": engine.web_base,
    }
