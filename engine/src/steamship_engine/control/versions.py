"""Versions: immutable code of a package, deployed once and found good before it is anything."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from steamship_engine.control import packages as package_rules
from steamship_engine.control.actor import Actor
from steamship_engine.control.ground import Ground
from steamship_engine.control.removal import Removal
from steamship_engine.model.audit import Subject
from steamship_engine.model.errors import ConflictError, InvalidRequestError, NotFoundError
from steamship_engine.model.nouns import Package, Version
from steamship_engine.store import versions
from steamship_engine.store.rows import Page, Paging

_NEWEST_NAMED = 5


@dataclass(frozen=True)
class Shown:
    """A version, and whether it is its package's default: the last one deployed."""

    version: Version
    is_default: bool


@dataclass(frozen=True)
class Wanted:
    """Which version is meant: by id, or by package and handle; a package alone means its default."""

    version_id: str | None = None
    handle: str | None = None
    package_id: str | None = None
    package_handle: str | None = None


def get(ground: Ground, actor: Actor, wanted: Wanted) -> Shown:
    """The version wanted. NotFoundError where there is none or the actor may not see its package."""
    with ground.database.read() as connection:
        return shown(connection, find(connection, actor, wanted)[1])


def find(connection: Connection, actor: Actor, wanted: Wanted) -> tuple[Package, Version]:
    """The version wanted with its package, as `get`. Where both id and package are given, both must fit."""
    if wanted.version_id:
        version = versions.by_id(connection, wanted.version_id)
        named = wanted.package_id in {None, "", version.package_id} if version is not None else False
        if version is None or not named:
            raise no_such_id(wanted.version_id)
        try:
            package = package_rules.visible(
                connection, actor, package_id=version.package_id, handle=wanted.package_handle
            )
        except NotFoundError as error:
            hidden = None if error.hides is None else Subject("version", version.id, version.handle)
            raise no_such_id(wanted.version_id, hidden) from None
        return package, version
    if not wanted.package_id and not wanted.package_handle:
        raise InvalidRequestError(
            "The request names no version.", suggestion="Send a version's id, or its handle and its package."
        )
    package = package_rules.visible(
        connection, actor, package_id=wanted.package_id, handle=wanted.package_handle
    )
    return package, of_package(connection, package.id, package.handle, wanted.handle)


def of_package(connection: Connection, package_id: str, package_handle: str, handle: str | None) -> Version:
    """The package's version with that handle, or its default. NotFoundError names the newest ones."""
    if handle:
        version = versions.by_handle(connection, package_id, handle)
    else:
        version = versions.newest(connection, package_id)
    if version is not None:
        return version
    newest = versions.newest_handles(connection, package_id, _NEWEST_NAMED)
    if not newest:
        raise NotFoundError(
            f'The package "{package_handle}" has no version yet.', suggestion="Deploy one with `ship deploy`."
        )
    names = ", ".join(f'"{name}"' for name in newest)
    raise NotFoundError(
        f'The package "{package_handle}" has no version "{(handle or "")[:100]}"; its newest: {names}.',
        suggestion="Use one of these, or leave the version out to use the newest.",
    )


def shown(connection: Connection, version: Version) -> Shown:
    """The version with its place among the package's."""
    return Shown(version, versions.newest_id(connection, version.package_id) == version.id)


def listed(
    ground: Ground, actor: Actor, *, package_id: str | None, package_handle: str | None, paging: Paging
) -> Page[Shown]:
    """Versions of one package, or of every package that the actor may see."""
    with ground.database.read() as connection:
        if package_id or package_handle:
            package_id = package_rules.visible(
                connection, actor, package_id=package_id, handle=package_handle
            ).id
        found = versions.listed(connection, user_id=actor.user_id, package_id=package_id, paging=paging)
        newest = {
            package_id: versions.newest_id(connection, package_id)
            for package_id in {version.package_id for version in found.items}
        }
    items = [Shown(version, newest[version.package_id] == version.id) for version in found.items]
    return Page(items, found.next_token)


def delete(ground: Ground, actor: Actor, version_id: str) -> Shown:
    """Remove a version of an own package with the owner's instances of it, wherever they are.

    ConflictError while another user has an instance of it.
    """
    actor.require_user("delete versions")
    removal = Removal(ground, actor)
    with ground.database.begin() as connection:
        _, version = find(connection, actor, Wanted(version_id=version_id))
        package_rules.own(connection, actor, version.package_id)
        before = shown(connection, version)
        if versions.used_by_others(connection, version_id, actor.user_id):
            raise _in_use(version)
        try:
            removal.version(connection, version, actor.user_id)
        except IntegrityError:
            # Somebody made an instance of it between our look and our delete.
            raise _in_use(version) from None
    removal.finish()
    return before


def no_such_id(version_id: str, hides: Subject | None = None) -> NotFoundError:
    """The answer for a version that is not there, and for one that the actor may not see, which it `hides`."""
    return NotFoundError(
        f'There is no version with the id "{version_id[:100]}" that you may see.',
        suggestion="Check the id; `ship versions` lists a package's versions.",
        hides=hides,
    )


def _in_use(version: Version) -> ConflictError:
    return ConflictError(
        f'The version "{version.handle}" cannot be deleted: another user has an instance of it.',
        suggestion="Deploy a newer version; new instances use that.",
    )
