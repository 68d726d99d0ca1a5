"""Verbs, and which addresses mean this machine."""

from __future__ import annotations

from enum import StrEnum

# An app base with one of these in it takes no owner as a host label; the last is a Docker network's name.
_LOCAL_MARKS = ("localhost", "127.0.0.1", "0:0:0:0", "host.docker.internal", "/test:")


class Verb(StrEnum):
    """The HTTP verbs of a package's methods."""

    GET = "GET"
    POST = "POST"


def is_local(base: str) -> bool:
    """Whether `base` names this machine, so that no owner can be put before its host."""
    return any(mark in base for mark in _LOCAL_MARKS)
