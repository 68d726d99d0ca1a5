"""The init of new instances: whether it is still to be run, and how it ended."""

from __future__ import annotations

from steamship_engine.control.ground import Ground
from steamship_engine.control.instances import CallTarget, secrets_of, spec_of
from steamship_engine.model.config import redact
from steamship_engine.model.errors import PackageError
from steamship_engine.model.states import InitStatus
from steamship_engine.store import instances


def pending(ground: Ground, instance_id: str) -> CallTarget | None:
    """What is to be initialized, or None where that is done.

    NotFoundError where the instance is gone; PackageError, with what was recorded, where the init has
    failed: repeating the work of a killed engine ends as it ended the first time.
    """
    target = spec_of(ground, instance_id)
    if target.init_status is InitStatus.INITIALIZING:
        return target
    if target.init_status is InitStatus.FAILED:
        with ground.database.read() as connection:
            placed = instances.by_id(connection, instance_id)
        raise failure((placed and placed.instance.init_message) or "")
    return None


def ended(ground: Ground, instance_id: str, problem: str | None) -> str | None:
    """Record that the init is complete, or failed with the message `problem`, which is given back redacted."""
    with ground.database.begin() as connection:
        placed = instances.by_id(connection, instance_id)
        if placed is not None and problem is not None:
            problem = redact(problem, secrets_of(ground, placed.instance))
        status = InitStatus.COMPLETE if problem is None else InitStatus.FAILED
        instances.set_init(connection, instance_id, status, problem)
    ground.changes.report("instance", instance_id)
    return problem


def failure(message: str) -> PackageError:
    """What the init's task fails with."""
    return PackageError(message, suggestion="Delete the instance and use it again once the cause is mended.")
