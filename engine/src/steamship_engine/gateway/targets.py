"""From an address to the instance at it."""

from __future__ import annotations

from steamship_engine.control import instances
from steamship_engine.control.ground import Ground
from steamship_engine.control.instances import CallTarget
from steamship_engine.gateway.address import Address
from steamship_engine.model.errors import NotFoundError
from steamship_engine.model.handles import folded


def at(ground: Ground, where: Address) -> CallTarget:
    """The call target at an address; NotFoundError when there is none, or when id and handles differ."""
    if where.instance_id is not None:
        target = instances.spec_of(ground, where.instance_id)
        if not _agrees(where, target):
            raise not_found(where.owner, where.workspace, where.instance)
        return target
    if where.owner is None or where.workspace is None or where.instance is None:
        raise NotFoundError(
            "The address names no instance.",
            suggestion="Call the instance's invocation_url, or send X-Package-Instance-Id.",
        )
    return instances.find(ground, where.owner, where.workspace, where.instance)


def not_found(owner: str | None, workspace: str | None, instance: str | None) -> NotFoundError:
    """The same words for what is not there and for what is somebody else's."""
    return NotFoundError(
        f'No instance "{instance}" in a workspace "{workspace}" of a user "{owner}".',
        suggestion="Check the three handles; `ship instances` lists yours.",
    )


def _agrees(where: Address, target: CallTarget) -> bool:
    """Whether the handles that came beside an id, as far as any came, are those of its instance."""
    pairs = (
        (where.owner, target.owner_handle),
        (where.workspace, target.spec.workspace_handle),
        (where.instance, target.instance_handle),
    )
    return all(given is None or folded(given) == folded(real) for given, real in pairs)
