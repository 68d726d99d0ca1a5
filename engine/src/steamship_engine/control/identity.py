"""From a bearer key to the actor it stands for."""

from __future__ import annotations

import hmac
import logging
from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from steamship_engine.control import networks, worker_keys
from steamship_engine.control.actor import Actor, Reach
from steamship_engine.control.ground import Ground
from steamship_engine.control.keys import LONGEST_KEY, digest_of, lookup_of
from steamship_engine.control.worker_keys import Claim
from steamship_engine.model.audit import KeyProblem, TriedKey
from steamship_engine.model.errors import AuthenticationError, ForbiddenError
from steamship_engine.model.nouns import Key, User
from steamship_engine.model.states import KeyScope
from steamship_engine.store import keys, users, versions
from steamship_engine.store.columns import now

_TOUCHED_EVERY = timedelta(minutes=1)
_REACH = {
    KeyScope.USER: Reach.USER,
    KeyScope.WORKSPACE: Reach.WORKSPACE,
    KeyScope.INSTANCE: Reach.INSTANCE,
}
_log = logging.getLogger(__name__)


def authenticate(ground: Ground, bearer: str) -> Actor:
    """The actor of a key, a user's or a worker's.

    AuthenticationError, the same for missing, malformed, unknown, revoked and expired keys.
    """
    if not bearer:
        raise refusal(TriedKey(KeyProblem.MISSING))
    if len(bearer) > LONGEST_KEY or not bearer.isascii():
        raise refusal(TriedKey(KeyProblem.MALFORMED))
    if bearer.startswith(worker_keys.PREFIX):
        return holder(ground, claimed(ground, bearer))
    moment = now()
    with ground.database.read() as connection:
        found = _find(connection, bearer, moment)
    if isinstance(found, TriedKey):
        raise refusal(found)
    key, user = found
    if key.last_used_at is None or moment - key.last_used_at >= _TOUCHED_EVERY:
        _touch(ground, key, moment)
    return Actor(
        user_id=user.id,
        user_handle=user.handle,
        reach=_REACH[key.scope],
        workspace_id=key.workspace_id,
        instance_id=key.instance_id,
        key_id=key.id,
        is_admin=user.is_admin and key.scope is KeyScope.USER,
    )


def refusal(tried: TriedKey) -> AuthenticationError:
    """The one answer to every key that opens nothing."""
    return AuthenticationError(
        "The request has no valid key.",
        suggestion="Send `Authorization: Bearer KEY` with a key that is neither revoked nor expired; `ship login` stores one.",
        tried=tried,
    )


def claimed(ground: Ground, bearer: str) -> Claim:
    """What a worker key claims; asks no database. AuthenticationError for one that is not ours."""
    claim = worker_keys.verify(ground, bearer) if len(bearer) <= LONGEST_KEY else None
    if claim is None:
        raise refusal(TriedKey(KeyProblem.WORKER))
    return claim


def holder(ground: Ground, claim: Claim) -> Actor:
    """The worker that holds a key. AuthenticationError when its instance is gone."""
    with ground.database.read() as connection:
        user = keys.owner_of_instance(connection, claim.instance_id, claim.workspace_id, claim.user_id)
        version = versions.of_instance(connection, claim.instance_id)
    if user is None or version is None:
        raise refusal(TriedKey(KeyProblem.GONE, instance_id=claim.instance_id))
    return Actor(
        user_id=user.id,
        user_handle=user.handle,
        reach=Reach.WORKER,
        workspace_id=claim.workspace_id,
        instance_id=claim.instance_id,
        calls=claim.calls,
        network=networks.of_version(ground, version),
    )


def require_of_worker(ground: Ground, instance_id: str, authorization: bytes) -> None:
    """Whether an Authorization header is one that a worker of the instance may send: none, or with a key of its own.

    AuthenticationError for a worker's key that is none of ours, ForbiddenError for anybody else's. Asks no database.
    """
    scheme, _, key = authorization.strip().partition(b" ")
    if not scheme:
        return
    bearer = key.strip().decode("latin-1")
    if scheme.lower() == b"bearer" and bearer.startswith(worker_keys.PREFIX):
        if claimed(ground, bearer).instance_id == instance_id:
            return
        raise ForbiddenError(
            "This is the key of another instance.",
            suggestion="Use the client that the package is given: its key is the instance's own.",
        )
    raise ForbiddenError(
        "From within a package the engine takes the instance's own key, and no user's.",
        suggestion="Use the client that the package is given, such as `self.client`, or call it from outside.",
    )


def require_instance(ground: Ground, actor: Actor) -> None:
    """ForbiddenError where the worker's instance is gone: what its code may do ended with it."""
    with ground.database.read() as connection:
        owner = keys.owner_of_instance(
            connection, actor.instance_id or "", actor.workspace_id or "", actor.user_id
        )
    if owner is None:
        raise ForbiddenError(
            f'The instance "{actor.instance_id}", whose code submitted this task, is gone.',
            suggestion="Submit it again with a key of the user's own, if it is still wanted.",
        )


def _find(connection: Connection, bearer: str, moment: datetime) -> tuple[Key, User] | TriedKey:
    key = keys.by_lookup(connection, lookup_of(bearer))
    # Compared even when nothing was found: what takes as long tells nobody which lookup ids exist.
    same = hmac.compare_digest(digest_of(bearer), key.digest if key is not None else bytes(32))
    if key is None or not same:
        return TriedKey(KeyProblem.UNKNOWN)
    if key.revoked_at is not None:
        return TriedKey(KeyProblem.REVOKED, key.id)
    if key.expires_at is not None and key.expires_at <= moment:
        return TriedKey(KeyProblem.EXPIRED, key.id)
    user = users.by_id(connection, key.user_id)
    return TriedKey(KeyProblem.UNKNOWN) if user is None else (key, user)


def _touch(ground: Ground, key: Key, moment: datetime) -> None:
    """Keep when the key was last used; a database that cannot write now is no reason to refuse it."""
    try:
        with ground.database.begin() as connection:
            keys.touch(connection, key.id, moment)
    except SQLAlchemyError as error:
        _log.warning("the last use of key %s was not kept: %s", key.id, type(error).__name__)
