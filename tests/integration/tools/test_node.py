"""Choosing a Node.js by executing it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import node


def _program(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    "text",
    ["exit 1", "echo hello", "echo 18.20.4 /usr/bin/node", "echo 'twenty /usr/bin/node'"],
)
def test_what_is_no_usable_node_does_not_fit(tmp_path: Path, text: str):
    """A `node` that fails, says something else or is too old is passed over."""
    assert node._fits(_program(tmp_path, "node", text)) is None


def test_a_new_enough_node_fits_by_its_real_path(tmp_path: Path):
    """A `node` of version 20 or newer counts, and is remembered by the path that it tells."""
    assert node._fits(_program(tmp_path, "node", "echo 20.0.0 /opt/node/bin/node")) == Path(
        "/opt/node/bin/node"
    )


def test_a_node_without_npm_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Of two on PATH the one counts whose npm starts."""
    bare, whole = tmp_path / "bare", tmp_path / "whole"
    _program(bare, "node", f"echo 22.0.0 {bare}/node")
    _program(bare, "npm", "exit 1")
    _program(whole, "node", f"echo 22.0.0 {whole}/node")
    _program(whole, "npm", "echo 10.0.0")
    monkeypatch.setenv("PATH", f"{bare}:{whole}")
    assert list(node._usable()) == [whole / "node"]
