"""Users: who somebody is, and how they come to be."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError

from steamship_engine.control import audit, keys
from steamship_engine.control.actor import Actor
from steamship_engine.control.ground import Ground
from steamship_engine.model import handles
from steamship_engine.model.audit import OPERATOR, AuditActor, AuditKind, Subject
from steamship_engine.model.errors import AlreadyExistsError, ForbiddenError, InvalidRequestError
from steamship_engine.model.identifiers import new_id
from steamship_engine.model.nouns import User
from steamship_engine.store import users
from steamship_engine.store.database import Database


def current(ground: Ground, actor: Actor) -> User:
    """The user whose key it is; refused to keys that do not stand for all of them."""
    actor.require_user("read the account")
    with ground.database.read() as connection:
        user = users.by_id(connection, actor.user_id)
    assert user is not None, "a key outlived its user"
    return user


def update(ground: Ground, actor: Actor, handle: str | None) -> User:
    """Give the user another handle, which changes the addresses of all their instances."""
    actor.require_user("change the account")
    if handle is not None and handle != actor.user_handle:
        handles.USER.check(handle)
        try:
            with ground.database.begin() as connection:
                users.rename(connection, actor.user_id, handle)
                subject = Subject("user", actor.user_id, handle)
                audit.record(connection, AuditKind.USER_RENAMED, actor, subject, before=actor.user_handle)
        except IntegrityError:
            raise taken(handle) from None
        ground.changes.report("user", actor.user_id)
    return current(ground, actor)


def create(
    database: Database,
    handle: str,
    *,
    many_users: bool,
    secret: str | None = None,
    is_admin: bool = False,
    by: AuditActor = OPERATOR,
) -> tuple[User, str]:
    """Add a user with one key; both. `secret` is a key that the operator chose, `by` who that is.

    It needs no more than the database, so that it works beside a running engine.

    ForbiddenError for a second user while nothing isolates users from each other.
    """
    handles.USER.check(handle)
    if secret is not None and not _is_usable(secret):
        raise InvalidRequestError(
            f"The key has {len(secret)} characters; it needs {keys.SHORTEST_OPERATOR_KEY} to "
            f"{keys.LONGEST_KEY}, printable ASCII without spaces.",
            suggestion="Choose a longer random key, or none: then the engine makes one.",
        )
    secret = secret or keys.minted()
    user_id = new_id()
    try:
        with database.begin() as connection:
            if not many_users and users.count(connection) > 0:
                raise ForbiddenError(
                    f'A second user, "{handle}", is refused: nothing isolates one user\'s packages from '
                    "another's on this engine yet.",
                    suggestion="If all users trust each other, add --insecure-no-sandbox.",
                )
            users.insert(connection, user_id=user_id, handle=handle, is_admin=is_admin)
            audit.record(
                connection, AuditKind.USER_CREATED, by, Subject("user", user_id, handle), isAdmin=is_admin
            )
            keys.insert(connection, by=by, user_id=user_id, name="first", secret=secret)
            user = users.by_id(connection, user_id)
    except IntegrityError:
        raise taken(handle) from None
    except ForbiddenError as error:
        with database.begin() as connection:
            audit.record_refused(connection, AuditKind.USER_CREATED, by, Subject("user", None, handle), error)
        raise
    assert user is not None, "a user vanished in its own transaction"
    return user, secret


def taken(handle: str) -> AlreadyExistsError:
    """The handle is another user's."""
    return AlreadyExistsError(
        f'The user handle "{handle}" is taken.', suggestion="Choose another user handle."
    )


def _is_usable(secret: str) -> bool:
    return (
        keys.SHORTEST_OPERATOR_KEY <= len(secret) <= keys.LONGEST_KEY
        and secret.isascii()
        and secret.isprintable()
        and " " not in secret
    )
