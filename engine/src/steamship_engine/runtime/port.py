"""The runtime's port: what it is handed, and what it gives back.

Everything a runtime on another machine would need is in the specs; nothing here reaches back into
the store. `Runtime` in `runtime/runtime.py` is the implementation; the gateway, the task loop and
control know this module only.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import msgspec

from steamship_engine.model.identifiers import new_call_id, new_id
from steamship_engine.model.network import Network
from steamship_engine.model.states import StopReason, VersionKind, WorkerState
from steamship_engine.model.version_limits import VersionLimits

Headers = tuple[tuple[str, str], ...]
"""Header fields in order, names in lower case."""


@dataclass(frozen=True)
class Deployer:
    """The user who has a version made, and this one attempt at it: the work of a killed engine is another one."""

    user_id: str
    attempt: str = field(default_factory=new_id)


@dataclass(frozen=True)
class VersionSpec:
    """One immutable version: the code, and what it needs to be imported.

    The digests are lower-case SHA-256 hex. `environment` is empty until `prepare` has named it. `handler`
    is an original's entry point as a dotted path, None for the one that its SDK has. `network` is what its workers reach.
    `deployer` is None once the version is made.
    """

    version_id: str
    bundle: str
    environment: str
    kind: VersionKind
    limits: VersionLimits = field(default_factory=VersionLimits)
    handler: str | None = None
    network: Network = Network.INTERNET
    author: str | None = field(default=None, compare=False)
    """The handle of the user whose package it is, for the audit trail."""
    deployer: Deployer | None = None


@dataclass(frozen=True)
class Bases:
    """The engine's addresses as a worker reaches them; each ends in a slash."""

    api: str
    app: str
    web: str


@dataclass(frozen=True)
class InstanceSpec:
    """Everything and only what one worker needs.

    `config` holds decrypted secrets: it goes to the worker and nowhere else. `context` is the
    instance's part of the invocation context (docs/reference/protocol.md#invocation-context), without `headers`.
    `secrets` names the secret parameters in `config`, `owner` is the handle of the user whose it is.
    """

    instance_id: str
    workspace_id: str
    workspace_handle: str
    version: VersionSpec
    config: dict[str, Any] = field(repr=False)
    context: dict[str, str]
    bases: Bases
    secrets: tuple[str, ...] = ()
    owner: str | None = None


class Caller(NamedTuple):
    """Who is at the other end of a connection that was made within a worker's own network: known, whatever it sends.

    Stands where a client's address stands elsewhere. `worker` is a number of the runtime's, `owner` the handle of the
    user whose the instance is.
    """

    instance: str
    worker: int
    workspace: str
    network: Network
    owner: str | None = None


Peer = tuple[str, int] | Caller
"""A connection's other end: an address, or a worker."""

Serve = Callable[[socket.socket, Caller, Callable[[], None]], None]
"""Serves a connection of a worker's to the engine's doors. Takes the socket over; calls the last argument, once, at its end."""


class Request(msgspec.Struct, eq=False):
    """One call. `path` starts with a slash, its percent-escapes decoded; `query` is raw.

    `headers` are those that may reach a package (`model/reserved.py`). `key` is a worker key for
    this call. `timeout_s` is the caller's wish; the smallest of it, the method's and the version's
    limit counts. `call` is this call's id, `above` are those of the calls that it was made in, outermost
    first: they may wait for it, and it never waits for them. Unless `awaited`, they may also not wait.
    """

    verb: str
    path: str
    query: str
    headers: Headers
    body: AsyncIterator[bytes]
    key: str
    request_id: str
    timeout_s: float | None = None
    call: str = msgspec.field(default_factory=new_call_id)
    above: tuple[str, ...] = ()
    awaited: bool = True

    def __repr__(self) -> str:
        """Without the key, wherever it is shown."""
        return f"<Request {self.request_id}: {self.verb} {self.path}>"


class Reply(msgspec.Struct, eq=False):
    """What the package answered; `body` is read once. Headers are the worker's, not yet filtered.

    The instance answers nobody else before the body is read or dropped; one left unread for
    `RuntimeLimits.stall` seconds is taken away. `whole` is all of it where it arrived at once; `body` gives the same.

    `error` is set when the package refused or failed: a wire error code such as `NotFound`,
    `InvalidRequest` or `PackageError`, with its message and, for owner and author, `details`.
    """

    status: int
    headers: Headers
    body: AsyncIterator[bytes]
    error: ReplyError | None = None
    whole: bytes | None = None


@dataclass(frozen=True)
class ReplyError:
    """Why the package gave no result. `deliberate` marks a SteamshipError the author raised on purpose.

    `code` is one of ours for native packages; an original's is what its reply said, and so is `status`, the
    HTTP status to answer with.
    """

    code: str
    message: str
    suggestion: str | None = None
    details: str | None = None
    deliberate: bool = False
    status: int = 500


@dataclass(frozen=True)
class BundleFacts:
    """What a bundle says about itself, read without running any of it."""

    digest: str
    kind: VersionKind
    kind_reason: str
    requirements: tuple[str, ...]
    readme: str | None
    manifest: dict[str, Any] | None


@dataclass(frozen=True)
class SdkWheel:
    """The wheel of our SDK that a native version's environment was made with, as a file of the runtime's."""

    path: Path
    digest: str


@dataclass(frozen=True)
class Description:
    """What importing a version told: kept with the version for ever.

    `spec` is what `__dir__` answers (docs/reference/protocol.md#__dir__). `schemas` has JSON Schemas: `config`, and per
    `"VERB /path"` an object with `arguments` and `result`. `needs_init` is False for a native class
    that does not override `instance_init`. `notes` are remarks for the author. `sdk` is None for originals.
    """

    environment: str
    spec: dict[str, Any]
    config_template: dict[str, dict[str, Any]]
    schemas: dict[str, Any]
    needs_init: bool
    notes: tuple[str, ...] = ()
    sdk: SdkWheel | None = None


@dataclass(frozen=True)
class LogLine:
    """A line that a package printed or logged; `level` is a logging level in lower case.

    `request_id`, `verb` and `path` are those of the call that ran, None outside calls; `instance` is None
    where a version is only described.
    """

    instance_id: str | None
    version_id: str
    request_id: str | None
    level: str
    message: str
    verb: str | None = None
    path: str | None = None
    instance: InstanceSpec | None = field(default=None, repr=False)


class RefusedBy(StrEnum):
    """What kept a package's code from something."""

    NETWORK = "network"
    SANDBOX = "sandbox"


@dataclass(frozen=True)
class Refused:
    """Something that a package's code was not let do, or was ended for; for the audit trail.

    `why` is one of a few words of the refuser's own, such as `private-address` or `over-memory`. `target`, the host and port
    that were asked for, may be of the package's making; for the sandbox it says in the engine's own words what was wrong.
    `request_id` is that of the call that ran, where it was one alone; `author` the handle of the version's. `instance` is None where a version
    is imported for nobody, or its requirements are built.
    """

    by: RefusedBy
    why: str
    version_id: str
    instance: InstanceSpec | None = field(default=None, repr=False)
    target: str | None = None
    request_id: str | None = None
    author: str | None = None


@dataclass(frozen=True)
class WorkerFacts:
    """One worker, or the last that an instance had. Times are seconds since 1970; `memory` is bytes of its own, None where unknown.

    `reason` and `detail` (an exit code or a signal's name, in words) are set when it is draining or stopped.
    `sent` and `received` are the bytes that went through the engine's proxy.
    """

    instance_id: str
    version_id: str
    pid: int
    state: WorkerState
    since: float
    started: float
    calls: int
    memory: int | None = None
    reason: StopReason | None = None
    detail: str | None = None
    sent: int = 0
    received: int = 0


@dataclass(frozen=True)
class EgressStats:
    """What went through the proxy since the engine's start, and its open connections.

    Bytes `sent` and `received`; requests that were `passed` on, `refused` by the rules, or `failed` at the other end.
    """

    sent: int = 0
    received: int = 0
    passed: int = 0
    refused: int = 0
    failed: int = 0
    connections: int = 0


@dataclass(frozen=True)
class RuntimeStats:
    """How much lives now, and what was counted since the engine's start.

    `workers` are by state, `stopped` by reason. `queued` calls wait for a worker; `wakes` workers were started
    for a call, which took `wake_seconds` together.
    """

    workers: dict[WorkerState, int]
    zygotes: int = 0
    queued: int = 0
    wakes: int = 0
    wake_seconds: float = 0
    stopped: dict[StopReason, int] = field(default_factory=dict)
    egress: EgressStats = field(default_factory=EgressStats)


class RuntimePort(Protocol):
    """Runs versions. All methods may be called from the engine's event loop only."""

    async def inspect(self, bundle: Path, digest: str) -> BundleFacts:
        """Check and unpack the zip at `bundle`, once per digest. Raises InvalidBundleError and kin."""

    async def prepare(self, version: VersionSpec) -> Description:
        """Build or find the environment, import the code, ask for its description.

        Raises InvalidRequirementsError, DeployError, NotBuiltYetError, BusyError.
        """

    async def discard(self, attempt: str) -> None:
        """No version came of that attempt (`Deployer.attempt`): remove what was built for it alone."""

    async def invoke(self, instance: InstanceSpec, request: Request) -> Reply:
        """Wake the instance's worker if need be and call it.

        A worker runs one call at a time, or as many as its class or the version's limits say; others wait in
        line. Further workers of an instance share no memory with the first. Raises PackageError (the import failed), PackageCrashedError,
        PackageReplyError, PackageTimeoutError, CallTooDeepError, BusyError, UnavailableError.
        """

    def begin(self, instance: InstanceSpec, request: Request, body: bytes) -> asyncio.Future[Reply]:
        """As `invoke`, for a body that is all there; `request.body` is not read.

        The caller who cancels the future has left. Never raises; errors are the future's.
        """

    def living(self, calls: Sequence[str]) -> tuple[str, ...]:
        """Those of the calls of these ids that have not ended, in the same order."""

    def made_by(self, peer: Peer) -> tuple[str, ...]:
        """The calls in which a request without a key was made, outermost first, by its connection's other end.

        None where it is no worker of this machine that answers a call.
        """

    async def stop(self, instance_id: str) -> None:
        """The instance is gone: let calls that run end within `RuntimeLimits.drain`, refuse all others, for ever.

        Returns when no call will begin any more; raises nothing.
        """

    async def restart(self, instance_id: str) -> int:
        """Give the instance new workers for the calls to come; those that run end on the old. How many were put down."""

    def workers(self, instance_id: str) -> list[WorkerFacts]:
        """The instance's workers, the first one first; where there are none, the last that it had, if that is known."""

    async def unpacked(self) -> list[str]:
        """The digests of the bundles that `inspect` has unpacked and `forget` has not removed."""

    async def forget(self, bundle: str) -> None:
        """Remove the unpacked bundle of that digest, if it is there. No version may have it any more."""

    def stats(self) -> RuntimeStats:
        """What is running now."""

    async def close(self) -> None:
        """End every worker and release everything."""
