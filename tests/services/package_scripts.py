"""Scripts: what a caller does with a package and what must come of it, written once for every client and SDK."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol


@dataclass(frozen=True)
class Difference:
    """How the two SDKs differ in what a caller sees; a row of docs/reference/original-differences.md."""

    what: str
    original: str
    ours: str


@dataclass(frozen=True)
class Failure:
    """An error that reaches the caller; of a longer message, with a traceback, `message` is the first line."""

    message: str
    status: int | None = 500
    code: str | None = "PackageError"
    suggestion: str | None = None


_SAME = object()


@dataclass(frozen=True)
class Native:
    """What our SDK answers instead, and the difference that it is an example of.

    `original_client`: what the original client makes of an answer that it cannot express. `type`: the content
    type, where it is what differs.
    """

    difference: Difference
    answer: Any
    original_client: Any = _SAME
    type: str | None = None


@dataclass(frozen=True)
class Use:
    """Use a further instance of the package with this config; calls are of the instance used last.

    `answer`: the state of its init, or the Failure that `use` is refused with.
    """

    config: Mapping[str, Any] | None = None
    answer: Any = "complete"
    native: Native | None = None


@dataclass(frozen=True)
class Call:
    """Call a method.

    `type` is the content type on the wire, where it matters. With `task` the method's own answer is a task,
    and `answer` what that task made. `original_client` as in Native.
    """

    method: str
    answer: Any
    arguments: Mapping[str, Any] = field(default_factory=dict)
    verb: str = "POST"
    type: str | None = None
    status: int = 200
    task: bool = False
    native: Native | None = None
    original_client: Any = _SAME

    def expected_type(self, *, native: bool) -> str | None:
        """The content type on the wire, None where it does not matter."""
        return (native and self.native and self.native.type) or self.type

    def expected(self, client: str, *, native: bool) -> Any:
        """What this client gets from the package on our SDK, or on the original's."""
        told = self.native if native and self.native is not None else self
        if client == "original" and told.original_client is not _SAME:
            return told.original_client
        return told.answer


@dataclass(frozen=True)
class Request:
    """A request as no SDK makes it, by those who call webhooks; `more` are httpx's own arguments."""

    method: str
    answer: Any
    verb: str = "POST"
    key: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)
    native: Native | None = None


Step = Use | Call | Request


class PackageClient(Protocol):
    """One of the clients, with the key of the engine's first user. What is refused raises CallFailed."""

    name: str

    def use(self, package: str, instance: str, config: Mapping[str, Any] | None) -> str:
        """Use an instance in a workspace of its name; the state of its init."""
        ...

    def call(self, call: Call, type: str | None) -> Any:
        """Call a method of the instance used last; bytes as bytes. `type` is the content type to expect."""
        ...


class CallFailed(Exception):
    """What a client was told went wrong. `status` and `code` are None where the client does not know them."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def check(step: Step, expected: Any, found: Any) -> None:
    """AssertionError where a client's answer is not the one of the script."""
    place = f"{type(step).__name__} {getattr(step, 'method', getattr(step, 'config', ''))}"
    shown = repr(found)[:2_000]
    if isinstance(expected, Failure) and isinstance(found, Failure):
        first = replace(found, message=found.message.splitlines()[0], status=found.status or expected.status)
        assert first == expected, f"{place} gives {shown}, not {expected!r}"
    else:
        assert found == expected, f"{place} gives {shown}, not {expected!r}"
        assert type(found) is type(expected), f"{place} gives a {type(found).__name__}"


def differences(scripts: Mapping[str, tuple[Step, ...]]) -> list[Difference]:
    """Every difference that the scripts show, in order, once."""
    shown = [step.native.difference for steps in scripts.values() for step in steps if step.native]
    return list(dict.fromkeys(shown))
