"""The init of a new instance: run once, recorded with its message, repeated work ending as the first."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from steamship_engine.control import instances, tasks
from steamship_engine.control.instances import spec_of
from steamship_engine.control.worker_keys import verify
from steamship_engine.gateway.instance_init import initialize
from steamship_engine.model.errors import BusyError, NotFoundError, PackageCrashedError, PackageError
from steamship_engine.model.states import InitStatus
from steamship_engine.runtime.port import InstanceSpec, Reply, ReplyError, Request
from steamship_engine.store import tasks as task_rows
from tests.services.fake_machine import add_package, deploy, on_fake_machine
from tests.services.instances import make, nowhere


@dataclass
class OneReply:
    """A runtime that answers every call alike, or raises the next of its problems."""

    error: ReplyError | None = None
    status: int = 200
    problems: list[Exception] = field(default_factory=list)
    calls: list[tuple[InstanceSpec, Request, bytes]] = field(default_factory=list)

    def living(self, calls: tuple[str, ...]) -> tuple[str, ...]:
        return ()

    async def invoke(self, instance: InstanceSpec, request: Request) -> Reply:
        body = b"".join([part async for part in request.body])
        self.calls.append((instance, request, body))
        if self.problems:
            raise self.problems.pop(0)
        return Reply(self.status, (), _nothing(), self.error)


async def _nothing():
    yield b"true"


@pytest.fixture
def ground(ground):
    return on_fake_machine(ground)


@pytest.fixture
def placed(ground, alice):
    """A fresh instance of a class with an init and a secret."""
    ground.machine.needs_init = True
    ground.machine.template = {"token": {"type": "string", "secret": True}}
    deploy(ground, alice, add_package(ground, alice, "slow"))
    return make(ground, alice, "slow", "mine", config={"token": "canary-42"})


def run(ground: Any, runtime: Any, placed: Any) -> None:
    """Run the instance's init task as the task loop does."""
    with ground.database.read() as connection:
        task = task_rows.find(connection, placed.instance.init_task_id)
    assert task is not None
    outcome = asyncio.run(initialize(ground, runtime, task, tasks.input_of(ground, task)))
    assert (outcome.output, outcome.error) == ("{}", None)


def now(ground: Any, alice: Any, placed: Any) -> tuple[InitStatus, str | None]:
    again = instances.get(
        ground, alice, instance_id=placed.instance.id, handle=None, package_handle=None, current=nowhere
    )
    return again.instance.init_status, again.instance.init_message


def test_the_init_is_called_once(ground, alice, placed):
    """The worker gets one POST /__instance_init__ with a worker key, and the instance is complete."""
    runtime = OneReply()
    told = []
    ground.changes.listen(lambda noun, noun_id: told.append((noun, noun_id)))
    run(ground, runtime, placed)
    [(spec, request, body)] = runtime.calls
    assert (request.verb, request.path, body) == ("POST", "/__instance_init__", b"{}")
    assert spec.config == {"token": "canary-42"}
    claim = verify(ground, request.key)
    assert claim is not None
    assert claim.instance_id == placed.instance.id
    assert request.request_id == "a-request"
    assert now(ground, alice, placed) == (InitStatus.COMPLETE, None)
    assert ("instance", placed.instance.id) in told
    assert spec_of(ground, placed.instance.id).init_status is InitStatus.COMPLETE


def test_a_repeated_init_that_was_complete_calls_nothing(ground, alice, placed):
    """A task that is run again after its result was recorded runs no user code."""
    run(ground, OneReply(), placed)
    runtime = OneReply()
    run(ground, runtime, placed)
    assert runtime.calls == []


def test_a_failed_init_is_recorded_with_its_reason(ground, alice, placed):
    """An init that raises leaves the instance failed, with message and traceback but without its secrets."""
    error = ReplyError("PackageError", "No quota for canary-42.", details="Traceback:\0 line 7")
    with pytest.raises(PackageError, match=r"No quota for \[secret\]"):
        run(ground, OneReply(error), placed)
    status, message = now(ground, alice, placed)
    assert status is InitStatus.FAILED
    assert message == "No quota for [secret].\n\nTraceback:\ufffd line 7"
    runtime = OneReply()
    with pytest.raises(PackageError, match=r"No quota for \[secret\]"):
        run(ground, runtime, placed)
    assert runtime.calls == []
    assert make(ground, alice, "slow", "mine").instance.init_status is InitStatus.FAILED


@pytest.mark.parametrize(
    ("ending", "message"),
    [
        (lambda: OneReply(problems=[PackageCrashedError("The worker died.")]), "The worker died."),
        (lambda: OneReply(status=500), "The init answered with HTTP status 500."),
    ],
    ids=["crash", "status"],
)
def test_every_other_end_is_a_failure_too(ground, alice, placed, ending, message):
    """A crash and an HTTP error are recorded as what they are."""
    with pytest.raises(PackageError):
        run(ground, ending(), placed)
    assert now(ground, alice, placed) == (InitStatus.FAILED, message)


def test_a_busy_runtime_is_asked_again(ground, alice, placed):
    """An init that finds no free worker waits for one and does not fail."""
    runtime = OneReply(problems=[BusyError("Full.", retry_after_s=0), BusyError("Full.", retry_after_s=0)])
    run(ground, runtime, placed)
    assert len(runtime.calls) == 3
    assert now(ground, alice, placed) == (InitStatus.COMPLETE, None)


def test_an_instance_that_is_gone(ground, alice, placed):
    """The init of an instance that was deleted meanwhile fails and calls nothing."""
    runtime = OneReply()
    with ground.database.read() as connection:
        task = task_rows.find(connection, placed.instance.init_task_id)
    instances.delete(ground, alice, placed.instance.id)
    with pytest.raises(NotFoundError):
        asyncio.run(initialize(ground, runtime, task, {"instanceId": placed.instance.id}))
    assert runtime.calls == []
