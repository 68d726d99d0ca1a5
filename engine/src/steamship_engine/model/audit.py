"""The audit trail's words: what it tells of, who did it, from where, and to what.

The kinds are a closed table. Those that end in `.refused` say what the engine did not do; the others what has changed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


class AuditKind(StrEnum):
    """What a line tells of; `MEANINGS` says it in words."""

    ENGINE_STARTED = "engine.started"
    USER_CREATED = "user.created"
    USER_RENAMED = "user.renamed"
    KEY_MADE = "key.made"
    KEY_REVOKED = "key.revoked"
    KEY_REFUSED = "key.refused"
    LOGIN_GRANTED = "login.granted"
    LOGIN_REFUSED = "login.refused"
    PACKAGE_CREATED = "package.created"
    PACKAGE_RENAMED = "package.renamed"
    PACKAGE_VISIBILITY = "package.visibility"
    PACKAGE_REMOVED = "package.removed"
    VERSION_DEPLOYED = "version.deployed"
    VERSION_REMOVED = "version.removed"
    INSTANCE_CREATED = "instance.created"
    INSTANCE_REMOVED = "instance.removed"
    WORKSPACE_CREATED = "workspace.created"
    WORKSPACE_REMOVED = "workspace.removed"
    FILE_VISIBILITY = "file.visibility"
    SECRETS_OPENED = "secrets.opened"
    ACCESS_REFUSED = "access.refused"
    NETWORK_REFUSED = "network.refused"
    SANDBOX_REFUSED = "sandbox.refused"
    REFUSALS_LOST = "refusals.lost"
    AUDIT_PRUNED = "audit.pruned"


MEANINGS: Mapping[AuditKind, str] = {
    AuditKind.ENGINE_STARTED: "an engine began to serve: its version, its sandbox, and whether several users may use it",
    AuditKind.USER_CREATED: "a user was made, or `refused` to the operator where nothing isolates users from each other",
    AuditKind.USER_RENAMED: "a user took another handle",
    AuditKind.KEY_MADE: "a user's key was made: its name, scope and expiry",
    AuditKind.KEY_REVOKED: "a user's key was revoked",
    AuditKind.KEY_REFUSED: "a request had no key, or one that opens nothing: `problem` says why",
    AuditKind.LOGIN_GRANTED: "somebody let a client that waited have a key of its own",
    AuditKind.LOGIN_REFUSED: "somebody tried to, with a key that may not",
    AuditKind.PACKAGE_CREATED: "a package was made, public or not",
    AuditKind.PACKAGE_RENAMED: "a package took another handle",
    AuditKind.PACKAGE_VISIBILITY: "a package was made public, or private again",
    AuditKind.PACKAGE_REMOVED: "a package was deleted",
    AuditKind.VERSION_DEPLOYED: "a deploy: `done`, or `refused` with the error's code",
    AuditKind.VERSION_REMOVED: "a version was deleted, by itself or with its package",
    AuditKind.INSTANCE_CREATED: "an instance was made; `secrets` names its secret parameters",
    AuditKind.INSTANCE_REMOVED: "an instance was deleted, by itself or with what it was in or of",
    AuditKind.WORKSPACE_CREATED: "a workspace was made",
    AuditKind.WORKSPACE_REMOVED: "a workspace was deleted with everything in it",
    AuditKind.FILE_VISIBILITY: "a file was made readable to everybody, or to its owner alone again",
    AuditKind.SECRETS_OPENED: "an instance's secret parameters were decrypted for its workers, for the first time since the "
    "engine's start",
    AuditKind.ACCESS_REFUSED: "a good key asked for what it may not have, or for what is another's",
    AuditKind.NETWORK_REFUSED: "a package's code asked for a place that it may not reach",
    AuditKind.SANDBOX_REFUSED: "a package's process was not let become a worker, or ended for what it did: `why` says which",
    AuditKind.REFUSALS_LOST: "so many refusals could not be written: the engine's log says why",
    AuditKind.AUDIT_PRUNED: "the operator removed the lines up to `through`",
}


class AuditActorKind(StrEnum):
    """Who can be the cause of a line."""

    USER = "user"
    """Somebody with a key of a user's; the id is the user's."""
    WORKER = "worker"
    """A package's code; the id is the instance's, the handle its owner's.

    Of a process that is no instance's yet there is no id, and the handle is the author's.
    """
    OPERATOR = "operator"
    """Whoever started the engine or ran `ship admin`; the handle is their account on that machine."""
    ENGINE = "engine"
    """The engine by itself."""
    NOBODY = "nobody"
    """Somebody who showed no key that opens anything."""


class AuditOutcome(StrEnum):
    """What came of it."""

    DONE = "done"
    REFUSED = "refused"


class KeyProblem(StrEnum):
    """Why a key opened nothing. Whoever showed it is told none of this."""

    MISSING = "missing"
    MALFORMED = "malformed"
    UNKNOWN = "unknown"
    REVOKED = "revoked"
    EXPIRED = "expired"
    WORKER = "worker"
    """A worker key that is forged, over, or an earlier engine's."""
    GONE = "gone"
    """A worker key whose instance is gone."""


@dataclass(frozen=True)
class TriedKey:
    """A key that opened nothing: the row that it has, or the instance that it was made for, if any."""

    problem: KeyProblem
    key_id: str | None = None
    instance_id: str | None = None


@dataclass(frozen=True)
class Source:
    """Where a request came from: the other end of its connection, and its id. None where there was no request.

    `worker` is the instance whose worker made the connection within a network of its own, where there are no addresses, and
    `owner` the handle of the user whose it is.
    """

    address: str | None = None
    request_id: str | None = None
    worker: str | None = None
    owner: str | None = None


NOWHERE = Source()


def source_of(scope: Mapping[str, Any], request_id: str) -> Source:
    """The source of an ASGI request, whose client is an address and a port, or a worker (`runtime.port.Caller`)."""
    client = scope.get("client")
    worker: str | None = getattr(client, "instance", None)
    if worker is not None:
        return Source(None, request_id, worker, getattr(client, "owner", None))
    return Source(client[0] if client else None, request_id)


@dataclass(frozen=True)
class AuditActor:
    """Who did it; `key_id` is the user key's row."""

    kind: AuditActorKind
    id: str | None = None
    handle: str | None = None
    key_id: str | None = None


OPERATOR = AuditActor(AuditActorKind.OPERATOR)
ENGINE = AuditActor(AuditActorKind.ENGINE)
NOBODY = AuditActor(AuditActorKind.NOBODY)


@dataclass(frozen=True)
class Subject:
    """What it was done to: a noun of the glossary, with its id and handle where they are known."""

    noun: str
    id: str | None = None
    handle: str | None = None


@dataclass(frozen=True)
class AuditEvent:
    """What a line will tell. `detail` holds JSON values: words of the engine's own, handles, ids and numbers."""

    kind: AuditKind
    by: AuditActor
    source: Source = NOWHERE
    subject: Subject | None = None
    outcome: AuditOutcome = AuditOutcome.DONE
    detail: Mapping[str, Any] = field(default_factory=dict)
    times: int = 1
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True)
class AuditLine:
    """A line of the trail. `times` is how often it happened, `at` the first time; `detail` is a JSON object's text.

    `hash` is the SHA-256 over the hash of the line before and everything in this one.
    """

    seq: int
    at: datetime
    kind: AuditKind
    outcome: AuditOutcome
    times: int
    actor_kind: AuditActorKind
    actor_id: str | None
    actor_handle: str | None
    key_id: str | None
    address: str | None
    request_id: str | None
    noun: str | None
    subject_id: str | None
    subject_handle: str | None
    detail: str
    hash: str

    @property
    def details(self) -> dict[str, Any]:
        """The detail as an object."""
        found: dict[str, Any] = json.loads(self.detail)
        return found
