"""The examples of docs/using-packages.md, run as they stand there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "using-packages.md").read_text()
EXPECTED = re.compile(r"^(?P<code>.*?)  # -> (?P<value>.*)$", re.MULTILINE)


def blocks(language: str) -> list[str]:
    """The page's code blocks of one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def surroundings(engine: Any, deployed_greeter: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the page counts on: the greeter, and a client that knows the engine."""
    monkeypatch.setenv("STEAMSHIP_API_KEY", engine.key)
    monkeypatch.setenv("STEAMSHIP_API_BASE", engine.api_base)
    monkeypatch.setenv("STEAMSHIP_APP_BASE", engine.app_base)
    return engine


def test_every_python_example(surroundings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Every Python block runs, one after the other, and gives the values that stand beside its lines."""

    def compare(value: object, expected: object) -> None:
        assert value == expected
        compared.append(expected)

    names: dict[str, Any] = {"_compare": compare}
    compared: list[object] = []
    for block in blocks("python"):
        code = EXPECTED.sub(r"_compare(\g<code>, \g<value>)", block)
        exec(compile(code, "docs/using-packages.md", "exec"), names)
    assert len(compared) == PAGE.count("  # -> ") >= 4
    assert len(blocks("python")) >= 8
    assert capsys.readouterr().out.strip() == names["instance"].invocation_url


def test_the_http_example(surroundings: Any) -> None:
    """The request that the page shows, with its placeholders filled in, greets."""
    (block,) = blocks("http")
    values = {
        "{workspace-handle}": "my-handle",
        "{instance-handle}": "my-handle",
        "{api-key}": surroundings.key,
    }
    for placeholder, value in values.items():
        assert placeholder in block
        block = block.replace(placeholder, value)
    head, _, body = block.partition("\n\n")
    request, *fields = head.splitlines()
    verb, path = request.split(" ")
    headers = dict(field.split(": ", 1) for field in fields)
    _use("my-handle")
    answer = httpx.request(
        verb, surroundings.app_base.rstrip("/") + path, headers=headers, content=body.strip()
    )
    assert (answer.status_code, answer.text) == (200, "Hello, Beautiful!")


def test_the_curl_example(surroundings: Any) -> None:
    """The curl command that the page shows greets."""
    (command,) = [block for block in blocks("bash") if block.startswith("curl")]
    url = _use("my-handle").invocation_url
    environment = {"PATH": "/usr/bin:/bin", "INVOCATION_URL": url, "STEAMSHIP_API_KEY": surroundings.key}
    done = subprocess.run(
        ["bash", "-c", command], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "Hello, Beautiful!"


def _use(handle: str) -> Any:
    from steamship import Steamship

    return Steamship.use("greeter", handle)
