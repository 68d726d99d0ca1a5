"""Packages: making, finding, changing and deleting them, and who may see which."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from steamship_engine.control import audit
from steamship_engine.control.actor import Actor
from steamship_engine.control.ground import Ground
from steamship_engine.control.removal import Removal
from steamship_engine.model import handles
from steamship_engine.model.audit import AuditKind, Subject
from steamship_engine.model.errors import (
    AlreadyExistsError,
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    TooLargeError,
)
from steamship_engine.model.limits import BUNDLE
from steamship_engine.model.nouns import Package
from steamship_engine.store import packages
from steamship_engine.store.rows import Page, Paging

ALREADY_EXISTS = "The object you are trying to create already exists."
"""The original's words, which its command line looks for."""

SOMEBODY_ELSES = "Something went wrong."
"""The original's whole message for a package handle that is another user's."""


@dataclass(frozen=True)
class Wanted:
    """A package to be made. Without a handle the engine makes one."""

    handle: str | None = None
    is_public: bool = False
    description: str | None = None
    readme: str | None = None
    profile: dict[str, Any] | None = None


def create(ground: Ground, actor: Actor, wanted: Wanted, *, fetch_if_exists: bool) -> Package:
    """A new package, or with `fetch_if_exists` the one that has the handle, if the actor may see it.

    AlreadyExistsError where it is the actor's own; ConflictError, which tells nothing, where it is not.
    """
    actor.require_user("make packages")
    _check_size(description=wanted.description, readme=wanted.readme, profile=wanted.profile)
    handle = handles.generated("package") if wanted.handle is None else handles.PACKAGE.check(wanted.handle)
    try:
        with ground.database.begin() as connection:
            taken = packages.by_handle(connection, handle)
            if taken is not None:
                return _taken(connection, actor, taken, fetch_if_exists=fetch_if_exists)
            package_id = packages.insert(
                connection,
                user_id=actor.user_id,
                handle=handle,
                is_public=wanted.is_public,
                description=wanted.description,
                readme=wanted.readme,
                profile=wanted.profile,
            )
            audit.record(
                connection,
                AuditKind.PACKAGE_CREATED,
                actor,
                Subject("package", package_id, handle),
                isPublic=wanted.is_public,
            )
            return _there(packages.by_id(connection, package_id))
    except IntegrityError:
        with ground.database.read() as connection:
            taken = packages.by_handle(connection, handle)
            if taken is None:
                raise
            return _taken(connection, actor, taken, fetch_if_exists=fetch_if_exists)


def get(ground: Ground, actor: Actor, *, package_id: str | None, handle: str | None) -> Package:
    """The package with that id, or that handle. NotFoundError where the actor may not see it."""
    with ground.database.read() as connection:
        return visible(connection, actor, package_id=package_id, handle=handle)


def update(ground: Ground, actor: Actor, package_id: str, changed: dict[str, Any]) -> Package:
    """Set the named fields of an own package: `handle`, `is_public`, `description`, `readme`, `profile`."""
    actor.require_user("change packages")
    values = dict(changed)
    _check_size(**{name: values.get(name) for name in ("description", "readme", "profile")})
    if "handle" in values:
        values["handle_key"] = handles.folded(handles.PACKAGE.check(values["handle"]))
    try:
        with ground.database.begin() as connection:
            before = own(connection, actor, package_id)
            packages.update(connection, package_id, values)
            package = _there(packages.by_id(connection, package_id))
            _tell_changes(connection, actor, before, package)
    except IntegrityError:
        raise _handle_taken() from None
    ground.changes.report("package", package_id)
    return package


def delete(ground: Ground, actor: Actor, package_id: str) -> Package:
    """Remove an own package with its versions and the owner's instances, wherever they are.

    ConflictError while another user has an instance of it.
    """
    actor.require_user("delete packages")
    removal = Removal(ground, actor)
    with ground.database.begin() as connection:
        package = own(connection, actor, package_id)
        if packages.used_by_others(connection, package_id, actor.user_id):
            raise _in_use(package)
        try:
            removal.package(connection, package)
        except IntegrityError:
            # Somebody made an instance of it between our look and our delete.
            raise _in_use(package) from None
    removal.finish()
    return package


def listed(
    ground: Ground, actor: Actor, *, is_public: bool | None, featured: bool | None, paging: Paging
) -> Page[Package]:
    """The packages that the actor may see. None is featured in this engine."""
    if featured:
        return Page([], None)
    with ground.database.read() as connection:
        return packages.listed(connection, user_id=actor.user_id, is_public=is_public, paging=paging)


def visible(
    connection: Connection, actor: Actor, *, package_id: str | None = None, handle: str | None = None
) -> Package:
    """The package with that id or handle; both where both are given. NotFoundError where not to be seen."""
    if package_id:
        found = packages.by_id(connection, package_id)
        if found is not None and handle and handles.folded(handle) != handles.folded(found.handle):
            found = None
    elif handle:
        found = packages.by_handle(connection, handle)
    else:
        raise InvalidRequestError(
            "The request names no package.", suggestion="Send the package's handle or its id."
        )
    if found is None or not _may_see(connection, actor, found):
        raise NotFoundError(
            f'There is no package "{(handle or package_id or "")[:200]}" that you may see.',
            suggestion="Check the handle; `ship packages` lists the packages you may use.",
            hides=None if found is None else Subject("package", found.id, found.handle),
        )
    return found


def own(connection: Connection, actor: Actor, package_id: str) -> Package:
    """The actor's own package; ForbiddenError for one that it may only see."""
    package = visible(connection, actor, package_id=package_id)
    if package.user_id != actor.user_id:
        raise ForbiddenError(
            f'The package "{package.handle}" is not yours.',
            suggestion="Only its owner may do this; deploy your code under a handle of your own.",
        )
    return package


def _tell_changes(connection: Connection, actor: Actor, before: Package, package: Package) -> None:
    """Have the audit trail tell what has changed of who may see what under which name."""
    subject = Subject("package", package.id, package.handle)
    if package.handle != before.handle:
        audit.record(connection, AuditKind.PACKAGE_RENAMED, actor, subject, before=before.handle)
    if package.is_public != before.is_public:
        audit.record(connection, AuditKind.PACKAGE_VISIBILITY, actor, subject, isPublic=package.is_public)


def _check_size(**texts: Any) -> None:
    """TooLargeError for texts that would burden everybody's listings: they are shown to all who may see it."""
    for name, value in texts.items():
        size = len(value.encode() if isinstance(value, str) else json.dumps(value))
        if size > BUNDLE.text_file:
            raise TooLargeError(
                f'The package\'s {name} has "{size}" bytes; at most {BUNDLE.text_file} are allowed.',
                suggestion="Shorten it.",
            )


def _may_see(connection: Connection, actor: Actor, package: Package) -> bool:
    if package.user_id == actor.user_id:
        return True
    return package.is_public and packages.has_version(connection, package.id)


def _taken(connection: Connection, actor: Actor, package: Package, *, fetch_if_exists: bool) -> Package:
    if fetch_if_exists and _may_see(connection, actor, package):
        return package
    if package.user_id == actor.user_id:
        raise AlreadyExistsError(
            ALREADY_EXISTS,
            suggestion=f'You have the package "{package.handle}"; ask with fetchIfExists, or choose another handle.',
        )
    raise _handle_taken()


def _handle_taken() -> ConflictError:
    return ConflictError(SOMEBODY_ELSES, suggestion="Choose another package handle.")


def _in_use(package: Package) -> ConflictError:
    return ConflictError(
        f'The package "{package.handle}" cannot be deleted: another user has an instance of it.',
        suggestion="Deploy a new version instead, or make the package private, so that nobody starts to use it.",
    )


def _there(package: Package | None) -> Package:
    assert package is not None, "a package vanished in its own transaction"
    return package
