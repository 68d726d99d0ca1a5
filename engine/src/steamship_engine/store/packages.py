"""Packages: one handle over all users, under which one user publishes versions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select

from steamship_engine.model.handles import folded
from steamship_engine.model.identifiers import new_id
from steamship_engine.model.nouns import Package
from steamship_engine.store import rows
from steamship_engine.store.columns import now
from steamship_engine.store.schema import instances, packages, versions

_deployed = versions.alias("deployed")
"""Versions under another name, so that a query may have both them and its own."""


def insert(
    connection: Connection,
    *,
    user_id: str,
    handle: str,
    is_public: bool,
    description: str | None,
    readme: str | None,
    profile: dict[str, Any] | None,
) -> str:
    """Add a package and return its id; IntegrityError when the handle is taken."""
    package_id = new_id()
    moment = now()
    connection.execute(
        packages.insert().values(
            id=package_id,
            created_at=moment,
            updated_at=moment,
            user_id=user_id,
            handle=handle,
            handle_key=folded(handle),
            is_public=is_public,
            description=description,
            readme=readme,
            profile=profile,
        )
    )
    return package_id


def by_id(connection: Connection, package_id: str) -> Package | None:
    """The package with that id, whoever owns it."""
    return rows.first(connection, Package, select(packages).where(packages.c.id == package_id))


def by_handle(connection: Connection, handle: str) -> Package | None:
    """The package with that handle, whoever owns it."""
    return rows.first(connection, Package, select(packages).where(packages.c.handle_key == folded(handle)))


def has_version(connection: Connection, package_id: str) -> bool:
    """Whether anything was ever deployed to it and is still there."""
    query = select(versions.c.id).where(versions.c.package_id == package_id).limit(1)
    return connection.execute(query).first() is not None


def update(connection: Connection, package_id: str, changed: dict[str, Any]) -> None:
    """Set the named columns."""
    values = {**changed, "updated_at": now()}
    connection.execute(packages.update().where(packages.c.id == package_id).values(values))


def delete(connection: Connection, package_id: str) -> None:
    """Remove the package with its versions; its instances must be gone."""
    connection.execute(packages.delete().where(packages.c.id == package_id))


def listed(
    connection: Connection, *, user_id: str, is_public: bool | None, paging: rows.Paging
) -> rows.Page[Package]:
    """The packages that a user may see; `is_public` narrows to public or private ones."""
    query = select(packages).where(visible_to(user_id))
    if is_public is not None:
        query = query.where(packages.c.is_public == is_public)
    return rows.page(connection, Package, packages, query, paging)


def visible_to(user_id: str) -> ColumnElement[bool]:
    """The user's own packages, and public ones that have a version."""
    deployed = exists(select(_deployed.c.id).where(_deployed.c.package_id == packages.c.id))
    return or_(packages.c.user_id == user_id, and_(packages.c.is_public, deployed))


def used_by_others(connection: Connection, package_id: str, user_id: str) -> bool:
    """Whether anybody but the user has an instance of it."""
    query = (
        select(instances.c.id)
        .where(instances.c.package_id == package_id, instances.c.user_id != user_id)
        .limit(1)
    )
    return connection.execute(query).first() is not None
