"""Versions: rows that are written once, when their code has been imported and found good."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from steamship_engine.model.handles import folded
from steamship_engine.model.nouns import Version
from steamship_engine.model.states import VersionKind
from steamship_engine.store import rows
from steamship_engine.store.columns import now
from steamship_engine.store.packages import visible_to
from steamship_engine.store.schema import instances, packages, versions


def insert(
    connection: Connection,
    *,
    version_id: str,
    package_id: str,
    handle: str,
    kind: VersionKind,
    kind_reason: str,
    bundle: str,
    environment: str,
    sdk: str | None,
    hosting_handler: str | None,
    config_template: dict[str, dict[str, Any]],
    spec: dict[str, Any],
    schemas: dict[str, Any],
    needs_init: bool,
    description: str | None,
    readme: str | None,
    manifest: dict[str, Any] | None,
    notes: list[str],
) -> None:
    """Add a version; IntegrityError when the package has the handle already."""
    moment = now()
    connection.execute(
        versions.insert().values(
            id=version_id,
            created_at=moment,
            updated_at=moment,
            package_id=package_id,
            handle=handle,
            handle_key=folded(handle),
            kind=kind.value,
            kind_reason=kind_reason,
            bundle=bundle,
            environment=environment,
            sdk=sdk,
            hosting_handler=hosting_handler,
            config_template=config_template,
            spec=spec,
            schemas=schemas,
            needs_init=needs_init,
            description=description,
            readme=readme,
            manifest=manifest,
            notes=notes,
        )
    )


def by_id(connection: Connection, version_id: str) -> Version | None:
    """The version with that id."""
    return rows.first(connection, Version, select(versions).where(versions.c.id == version_id))


def of_instance(connection: Connection, instance_id: str) -> Version | None:
    """The version that an instance is of."""
    query = select(versions).join(instances, instances.c.version_id == versions.c.id)
    return rows.first(connection, Version, query.where(instances.c.id == instance_id))


def by_handle(connection: Connection, package_id: str, handle: str) -> Version | None:
    """The package's version with that handle."""
    query = select(versions).where(
        versions.c.package_id == package_id, versions.c.handle_key == folded(handle)
    )
    return rows.first(connection, Version, query)


def newest(connection: Connection, package_id: str) -> Version | None:
    """The package's last created version, which is the default one."""
    query = select(versions).where(versions.c.package_id == package_id).order_by(versions.c.seq.desc())
    return rows.first(connection, Version, query)


def newest_handles(connection: Connection, package_id: str, limit: int) -> list[str]:
    """Handles of the package's last versions, newest first."""
    query = (
        select(versions.c.handle)
        .where(versions.c.package_id == package_id)
        .order_by(versions.c.seq.desc())
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def newest_id(connection: Connection, package_id: str) -> str | None:
    """The id of the package's last created version."""
    query = (
        select(versions.c.id)
        .where(versions.c.package_id == package_id)
        .order_by(versions.c.seq.desc())
        .limit(1)
    )
    return connection.execute(query).scalar()


def listed(
    connection: Connection, *, user_id: str, package_id: str | None, paging: rows.Paging
) -> rows.Page[Version]:
    """Versions of the packages that a user may see, or of one of them."""
    query = select(versions).join(packages, packages.c.id == versions.c.package_id).where(visible_to(user_id))
    if package_id is not None:
        query = query.where(versions.c.package_id == package_id)
    return rows.page(connection, Version, versions, query, paging)


def of_package(connection: Connection, package_id: str) -> list[Version]:
    """All versions of a package, oldest first."""
    query = select(versions).where(versions.c.package_id == package_id).order_by(versions.c.seq)
    return rows.every(connection, Version, query)


def delete(connection: Connection, version_id: str) -> None:
    """Remove the version; its instances must be gone."""
    connection.execute(versions.delete().where(versions.c.id == version_id))


def has_bundle(connection: Connection, bundle: str) -> bool:
    """Whether any version was made from the bundle of that digest."""
    query = select(versions.c.id).where(versions.c.bundle == bundle).limit(1)
    return connection.execute(query).first() is not None


def used_by_others(connection: Connection, version_id: str, user_id: str) -> bool:
    """Whether anybody but the user has an instance of it."""
    query = (
        select(instances.c.id)
        .where(instances.c.version_id == version_id, instances.c.user_id != user_id)
        .limit(1)
    )
    return connection.execute(query).first() is not None
