"""Workers of instances, as the instances' owners see and restart them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from steamship_engine.control import instances
from steamship_engine.control.actor import Actor
from steamship_engine.control.ground import Ground
from steamship_engine.control.instances import Filter
from steamship_engine.model.nouns import Workspace
from steamship_engine.runtime.port import WorkerFacts
from steamship_engine.store.instances import Placed
from steamship_engine.store.rows import Page, Paging


@dataclass(frozen=True)
class Wanted:
    """An own instance: by id, or by handle in the current workspace, which `current` gives."""

    instance_id: str | None
    handle: str | None
    package_handle: str | None
    current: Callable[[], Workspace]


@dataclass(frozen=True)
class InstanceWorkers:
    """An instance's workers: those that live, else the last that it had, if that is known."""

    placed: Placed
    workers: list[WorkerFacts]


def of_instance(ground: Ground, actor: Actor, wanted: Wanted) -> InstanceWorkers:
    """The workers of one instance. NotFoundError for one that is not the actor's own."""
    return _with_workers(ground, _found(ground, actor, wanted))


def listed(ground: Ground, actor: Actor, wanted: Filter, paging: Paging) -> Page[InstanceWorkers]:
    """The workers of the actor's own instances, a page of instances at a time."""
    page = instances.listed(ground, actor, wanted, paging)
    return Page([_with_workers(ground, placed) for placed in page.items], page.next_token)


def restart(ground: Ground, actor: Actor, wanted: Wanted) -> tuple[Placed, int]:
    """Give an own instance new workers for the calls to come; the instance, and how many were put down.

    Calls that run end on the old ones. NotFoundError for an instance that is not the actor's own.
    """
    placed = _found(ground, actor, wanted)
    return placed, ground.machine.restart(placed.instance.id)


def _found(ground: Ground, actor: Actor, wanted: Wanted) -> Placed:
    return instances.get(
        ground,
        actor,
        instance_id=wanted.instance_id,
        handle=wanted.handle,
        package_handle=wanted.package_handle,
        current=wanted.current,
    )


def _with_workers(ground: Ground, placed: Placed) -> InstanceWorkers:
    return InstanceWorkers(placed, ground.machine.workers(placed.instance.id))
