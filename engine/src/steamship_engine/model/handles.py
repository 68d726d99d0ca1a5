"""The grammars of handles. Handles are stored exactly and are unique without regard to case."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from steamship_engine.model.errors import InvalidHandleError


@dataclass(frozen=True)
class Grammar:
    """One noun's rule: what it names, the pattern, and the rule in words."""

    noun: str
    pattern: re.Pattern[str]
    rule: str

    def check(self, handle: object) -> str:
        """`handle` itself if it is one; InvalidHandleError with the rule if not."""
        if not isinstance(handle, str) or self.pattern.fullmatch(handle) is None:
            shown = (handle if isinstance(handle, str) else repr(handle))[:200]
            raise InvalidHandleError(
                f'"{shown.encode("utf-8", "replace").decode()}" is not a {self.noun} handle: {self.rule}.',
                suggestion=f"Choose a {self.noun} handle of this form.",
            )
        return handle


USER = Grammar(
    "user",
    re.compile(r"[a-z](?:[a-z0-9-]{0,37}[a-z0-9])?"),
    "it has 1-39 lower-case letters, digits and dashes, starts with a letter and does not end in a dash",
)
PACKAGE = Grammar(
    "package",
    re.compile(r"[a-z][a-z0-9_-]{0,63}"),
    "it has 1-64 lower-case letters, digits, dashes and underscores and starts with a letter",
)
VERSION = Grammar(
    "version",
    re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}"),
    "it has 1-64 letters, digits and . _ + - and starts with a letter or digit",
)
WORKSPACE = Grammar(
    "workspace",
    re.compile(r"(?!_\Z)[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}"),
    'it has 1-128 letters, digits and . _ -, does not start with "." and is not "_" alone',
)
INSTANCE = Grammar("instance", WORKSPACE.pattern, WORKSPACE.rule)
FILE = Grammar(
    "file",
    re.compile(r"(?!\.)[^\x00-\x1f\x7f/\\\ud800-\udfff]{1,255}"),
    'it has 1-255 characters without control characters and slashes and does not start with "."',
)


def folded(handle: str) -> str:
    """The form in which two handles that differ only in case are one."""
    return handle.lower()


def generated(noun: str) -> str:
    """A server-made handle such as `workspace-1f0c…`, with 64 random bits; valid in every grammar."""
    return f"{noun}-{secrets.token_hex(8)}"
