"""Logins by the approve page: a client asks, a person approves with a key they have, the client gets its own.

Whoever holds an attempt's token may fetch the key; the page shows a code made from it, so that a
person can see that it is their own client that they approve.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection

from steamship_engine.control import audit, keys
from steamship_engine.control.actor import Reach
from steamship_engine.control.ground import Ground
from steamship_engine.control.identity import authenticate
from steamship_engine.model.audit import (
    NOWHERE,
    AuditActor,
    AuditActorKind,
    AuditKind,
    Source,
    Subject,
)
from steamship_engine.model.errors import (
    AuthenticationError,
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
)
from steamship_engine.model.identifiers import new_id
from steamship_engine.model.limits import LOGIN, LoginLimits
from steamship_engine.model.nouns import LoginAttempt
from steamship_engine.store import keys as key_rows
from steamship_engine.store import logins, users
from steamship_engine.store.columns import now

_LONGEST_TOKEN = 128
_CLIENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*(?: [A-Za-z0-9._+-]+)*")
_LONGEST_CLIENT = 60


class Progress(StrEnum):
    """How far a login is."""

    WAITING = "waiting"
    """Nobody has approved it yet."""
    DONE = "done"
    """Approved; its key goes out with this answer and never again."""
    ENDED = "ended"
    """It expired, was refused too often, or its key was fetched; or it was never there."""


@dataclass(frozen=True)
class Polled:
    """What the waiting client is told; `key` with DONE alone."""

    progress: Progress
    key: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Pending:
    """An attempt that may be approved until `expires_at`, and the code both sides can show."""

    code: str
    expires_at: datetime


def begin(ground: Ground, limits: LoginLimits = LOGIN) -> str:
    """Open an attempt; its token, which is kept as a hash only."""
    token = secrets.token_urlsafe(32)
    moment = now()
    with ground.database.begin() as connection:
        # Above the limit the oldest make room: refusing new ones would let a flood lock everybody out.
        logins.remove_ended(connection, before=moment, keep=limits.attempts - 1)
        logins.insert(
            connection,
            attempt_id=new_id(),
            digest=_digest(token),
            expires_at=moment + timedelta(seconds=limits.lifetime),
        )
    return token


def poll(ground: Ground, token: str, limits: LoginLimits = LOGIN, *, source: Source = NOWHERE) -> Polled:
    """How far the attempt is. The key is made and handed over in the one answer that says DONE."""
    moment = now()
    with ground.database.read() as connection:
        attempt = _living(connection, token, moment, limits)
    if attempt is None:
        return Polled(Progress.ENDED)
    if attempt.key_id is None:
        return Polled(Progress.WAITING)
    with ground.database.begin() as connection:
        # Made only now: a key that nobody fetches never exists.
        approving = key_rows.by_key_id(connection, attempt.key_id)
        if not logins.take(connection, attempt.id) or approving is None:
            return Polled(Progress.ENDED)
        if approving.revoked_at is not None or _is_over(approving.expires_at, moment):
            return Polled(Progress.ENDED)
        assert attempt.client is not None, "an attempt was approved for nobody"
        user = users.by_id(connection, approving.user_id)
        assert user is not None, "a key outlived its user"
        made = keys.insert(
            connection,
            by=AuditActor(AuditActorKind.USER, user.id, user.handle, approving.id),
            source=source,
            login_id=attempt.id,
            user_id=user.id,
            name=attempt.client,
            secret=keys.minted(),
        )
    return Polled(Progress.DONE, made.secret)


def pending(ground: Ground, token: str, limits: LoginLimits = LOGIN) -> Pending:
    """The attempt, while it may be approved.

    NotFoundError for one that is over or never was, ConflictError for one that is approved.
    """
    with ground.database.read() as connection:
        attempt = _approvable(connection, token, limits)
    return Pending(code_of(token), attempt.expires_at)


def approve(
    ground: Ground,
    token: str,
    key: str,
    client: str,
    limits: LoginLimits = LOGIN,
    *,
    source: Source = NOWHERE,
) -> str:
    """Let the waiting client have a key of its own, called `client`; the user's handle.

    Raises as `pending`; AuthenticationError for a key that opens nothing, and ForbiddenError for one
    that does not stand for the whole user: both count, and `limits.refused_keys` of them end the attempt.
    """
    check_client(client)
    with ground.database.read() as connection:
        attempt = _approvable(connection, token, limits)
    try:
        actor = authenticate(ground, key)
        if actor.reach is not Reach.USER or actor.key_id is None:
            raise ForbiddenError(
                "This key reaches one workspace or instance only.",
                suggestion="Paste a key that stands for you as a whole.",
            )
    except (AuthenticationError, ForbiddenError) as error:
        audit.login_refused(ground.refusals, error, source, attempt.id)
        with ground.database.begin() as connection:
            logins.count_refused_key(connection, attempt.id)
        raise
    with ground.database.begin() as connection:
        if not logins.approve(connection, attempt.id, actor.key_id, client):
            raise _approved_already()
        subject = Subject("login", attempt.id, client)
        audit.record(connection, AuditKind.LOGIN_GRANTED, actor, subject, source)
    return actor.user_handle


def check_client(client: str) -> None:
    """InvalidRequestError for a name that a client cannot have, as it is shown and becomes a key's name."""
    if len(client) > _LONGEST_CLIENT or _CLIENT.fullmatch(client) is None:
        raise InvalidRequestError(
            f'"{client[:_LONGEST_CLIENT]}" is not a client\'s name.',
            suggestion=f"It has 1-{_LONGEST_CLIENT} letters, digits and . _ + - with single blanks between.",
        )


def code_of(token: str) -> str:
    """What client and page show of a token: too little to be it, enough to tell two apart."""
    letters = base64.b32encode(hashlib.sha256(b"steamship login code" + token.encode()).digest()).decode()
    return f"{letters[:4]}-{letters[4:8]}"


def _approvable(connection: Connection, token: str, limits: LoginLimits) -> LoginAttempt:
    attempt = _living(connection, token, now(), limits)
    if attempt is None:
        raise NotFoundError(
            "This login is over, or was never started.",
            suggestion=f"A login lasts {limits.lifetime / 60:g} minutes; start another one in the terminal.",
        )
    if attempt.key_id is not None:
        raise _approved_already()
    return attempt


def _living(connection: Connection, token: str, moment: datetime, limits: LoginLimits) -> LoginAttempt | None:
    if not token or len(token) > _LONGEST_TOKEN:
        return None
    attempt = logins.by_digest(connection, _digest(token))
    if attempt is None or _is_over(attempt.expires_at, moment):
        return None
    # An approved attempt is not ended by what else was tried on the page.
    return attempt if attempt.key_id or attempt.refused_keys < limits.refused_keys else None


def _is_over(expires_at: datetime | None, moment: datetime) -> bool:
    return expires_at is not None and expires_at <= moment


def _approved_already() -> ConflictError:
    return ConflictError(
        "This login was approved already.",
        suggestion="If it was not you who approved it, look for its key among yours and revoke it.",
    )


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
