"""What the audit trail is told: changes in the transaction that makes them, refusals beside every transaction."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from steamship_engine.control.actor import Actor, Reach
from steamship_engine.model.audit import (
    ENGINE,
    NOBODY,
    NOWHERE,
    AuditActor,
    AuditActorKind,
    AuditEvent,
    AuditKind,
    AuditOutcome,
    Source,
    Subject,
)
from steamship_engine.model.config import redact
from steamship_engine.model.errors import (
    AuthenticationError,
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    MisdirectedError,
    NotFoundError,
    SteamshipError,
)
from steamship_engine.runtime.port import Refused, RefusedBy
from steamship_engine.store import audit as store
from steamship_engine.store.audit_check import check
from steamship_engine.store.database import Database, after_commit
from steamship_engine.store.refusals import Refusals

if TYPE_CHECKING:
    from steamship_engine.control.ground import Ground
    from steamship_engine.control.instances import CallTarget

_LONGEST_TARGET = 300
_TOLD = 100_000


class Told:
    """The instances whose secrets are known to be opened in this engine's life; of more than `most`, the first goes."""

    def __init__(self, most: int = _TOLD) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._ids: dict[str, None] = {}

    def first(self, instance_id: str) -> bool:
        """Whether the instance is named for the first time."""
        with self._lock:
            if instance_id in self._ids:
                return False
            if len(self._ids) >= self._most:
                del self._ids[next(iter(self._ids))]
            self._ids[instance_id] = None
            return True

    def forget(self, instance_id: str) -> None:
        """It was not told after all."""
        with self._lock:
            self._ids.pop(instance_id, None)


def acting(actor: Actor | None, source: Source = NOWHERE) -> AuditActor:
    """Who an actor is in the trail. Without one it is the worker that the request came from, or nobody."""
    if actor is None:
        if source.worker is None:
            return NOBODY
        return AuditActor(AuditActorKind.WORKER, source.worker, source.owner)
    if actor.reach is Reach.WORKER:
        return AuditActor(AuditActorKind.WORKER, actor.instance_id, actor.user_handle)
    return AuditActor(AuditActorKind.USER, actor.user_id, actor.user_handle, actor.key_id)


def record(
    connection: Connection,
    kind: AuditKind,
    by: Actor | AuditActor,
    subject: Subject,
    source: Source | None = None,
    **detail: Any,
) -> None:
    """Have the caller's transaction add a line when it commits. `source` is the actor's own unless it is given.

    `detail` holds JSON values, and never a secret, a key, the value of a config or text of a stranger's making.
    """
    if isinstance(by, Actor):
        source, by = source or by.source, acting(by)
    store.append(connection, AuditEvent(kind, by, source or NOWHERE, subject, detail=detail))


def record_refused(
    connection: Connection, kind: AuditKind, by: AuditActor, subject: Subject, error: SteamshipError
) -> None:
    """Have a transaction of its own add a line about what `error` refused; where no engine runs that would write it."""
    detail = {"code": error.code}
    store.append(connection, AuditEvent(kind, by, NOWHERE, subject, AuditOutcome.REFUSED, detail))


def record_or_count(
    refusals: Refusals, connection: Connection, kind: AuditKind, actor: Actor, subject: Subject, **detail: Any
) -> None:
    """As `record`, for what a package's code may do as often as it likes: the like of it soon after is only counted."""
    event = AuditEvent(kind, acting(actor), actor.source, subject, detail=detail)
    known = refusals.has_change(event)
    if not known:
        store.append(connection, event)
    after_commit(connection, partial(refusals.count_change, event, told=not known))


def refused(
    refusals: Refusals,
    kind: AuditKind,
    by: Actor | AuditActor | None,
    source: Source,
    subject: Subject | None = None,
    **detail: Any,
) -> None:
    """Have a refusal written in a moment. Blocks on nothing, raises nothing; `detail` as in `record`."""
    who = by if isinstance(by, AuditActor) else acting(by, source)
    refusals.add(AuditEvent(kind, who, source, subject, AuditOutcome.REFUSED, detail))


def note(
    refusals: Refusals, error: BaseException, actor: Actor | None, source: Source, operation: str
) -> None:
    """Have it written that `operation` was refused, where `error` is such a refusal; for the doors, who see all errors."""
    if isinstance(error, AuthenticationError):
        _key_refused(refusals, AuditKind.KEY_REFUSED, error, source, operation=operation)
        return
    subject = None
    if isinstance(error, NotFoundError):
        if error.hides is None:
            return
        subject = error.hides
    elif not isinstance(error, ForbiddenError | MisdirectedError):
        return
    detail: dict[str, Any] = {"operation": operation, "code": error.code}
    if actor is not None:
        detail["reach"] = actor.reach.value
    refused(refusals, AuditKind.ACCESS_REFUSED, actor, source, subject, **detail)


def login_refused(refusals: Refusals, error: SteamshipError, source: Source, attempt_id: str) -> None:
    """Have it written that somebody tried to approve a login with a key that may not."""
    login: dict[str, Any] = {"login": attempt_id}
    if isinstance(error, AuthenticationError):
        _key_refused(refusals, AuditKind.LOGIN_REFUSED, error, source, **login)
    else:
        refused(refusals, AuditKind.LOGIN_REFUSED, None, source, code=error.code, **login)


def _key_refused(
    refusals: Refusals, kind: AuditKind, error: AuthenticationError, source: Source, **detail: Any
) -> None:
    tried = error.tried
    if tried is None:
        refused(refusals, kind, None, source, problem="missing", **detail)
        return
    subject = None
    if tried.key_id is not None:
        subject = Subject("key", tried.key_id)
    elif tried.instance_id is not None:
        subject = Subject("instance", tried.instance_id)
    refused(refusals, kind, None, source, subject, problem=tried.problem.value, **detail)


def keep_refusal(refusals: Refusals, told: Refused) -> None:
    """Have it written what the runtime did not let a package's code do: the runtime's callback. Blocks on nothing."""
    kind = AuditKind.NETWORK_REFUSED if told.by is RefusedBy.NETWORK else AuditKind.SANDBOX_REFUSED
    spec = told.instance
    detail: dict[str, Any] = {"why": told.why, "version": told.version_id}
    if spec is None:
        by = AuditActor(AuditActorKind.WORKER, handle=told.author)
        subject = Subject("version", told.version_id)
    else:
        by = AuditActor(AuditActorKind.WORKER, spec.instance_id, spec.owner)
        subject = Subject("instance", spec.instance_id, spec.context.get("invocableInstanceHandle"))
    if told.target is not None:
        secrets = {} if spec is None else {name: spec.config.get(name) for name in spec.secrets}
        if told.by is RefusedBy.NETWORK:
            shown = _without(_place(told.target), secrets)
        else:
            shown = redact(told.target, secrets)
        # Not before: of a secret that was cut in two the first part would stay.
        detail["target"] = shown[:_LONGEST_TARGET]
    refused(refusals, kind, by, Source(None, told.request_id), subject, **detail)


def _place(target: str) -> str:
    """Host and port of what may be a whole address, whose path, query and user are nobody's business here."""
    authority = re.split(r"[/?#]", target.partition("://")[2] or target, maxsplit=1)[0]
    return authority.rpartition("@")[2]


def _without(target: str, secrets: Mapping[str, Any]) -> str:
    """Names of hosts are of no case, so a secret in one may have lost its own."""
    lowered = {name: value.lower() for name, value in secrets.items() if isinstance(value, str)}
    return redact(redact(target, dict(secrets)).lower(), lowered)


def secrets_opened(ground: Ground, target: CallTarget) -> None:
    """Tell, once in an engine's life, that an instance's secrets were decrypted for its workers. Blocking."""
    instance_id = target.spec.instance_id
    if not ground.told.first(instance_id):
        return
    try:
        with ground.database.begin() as connection:
            record(
                connection,
                AuditKind.SECRETS_OPENED,
                AuditActor(AuditActorKind.WORKER, instance_id, target.owner_handle),
                Subject("instance", instance_id, target.instance_handle),
                package=target.package_handle,
                version=target.version_handle,
                secrets=sorted(target.secrets),
            )
    except BaseException:
        ground.told.forget(instance_id)
        raise


def started(ground: Ground, version: str) -> store.Head:
    """Tell that the engine serves from now on; the trail's last line. Blocking."""
    with ground.database.begin() as connection:
        record(
            connection,
            AuditKind.ENGINE_STARTED,
            ENGINE,
            Subject("engine"),
            version=version,
            manyUsers=ground.many_users,
            sandbox=ground.sandbox.value,
        )
    return head(ground)


def prune(database: Database, by: AuditActor, before: datetime) -> int:
    """Tell in a line that the lines from before that moment go, and remove them; how many they were. Blocking.

    InvalidRequestError for a moment that is still to come. ConflictError where the trail is not whole: what shows that
    must stay.
    """
    if before > datetime.now(UTC):
        moment = f"{before:%Y-%m-%dT%H:%M:%S}".removesuffix("T00:00:00")
        raise InvalidRequestError(
            f'The moment "{moment}" is still to come.', suggestion="Name one that has passed, in UTC."
        )
    with database.read() as connection:
        broken = check(connection).broken
    if broken is not None:
        raise ConflictError(
            f"The audit trail is not whole: line {broken.seq} {broken.why}.",
            suggestion="Keep it as it is, find out what happened, and restore the database from a backup.",
        )
    with database.begin() as connection:
        store.hold(connection)
        ends, last = store.chain(connection), store.last_before(connection, before)
        if ends is None or last is None:
            return 0
        lines = last.seq - ends.pruned.seq
        about: dict[str, Any] = {"through": last.seq, "lines": lines, "before": before.isoformat()}
        record(connection, AuditKind.AUDIT_PRUNED, by, Subject("audit trail"), **about)
    # By and by, for the engine's changes wait meanwhile. Where this is cut short the trail is whole, and begins earlier.
    removed, some = 0, 1
    while some:
        with database.begin() as connection:
            some = store.prune(connection, last)
        removed += some
    return removed


def head(ground: Ground) -> store.Head:
    """The trail's last line. Blocking."""
    with ground.database.read() as connection:
        ends = store.chain(connection)
    return store.Head(0, "") if ends is None else ends.last
