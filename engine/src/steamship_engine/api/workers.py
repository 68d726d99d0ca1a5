"""Workers of instances (docs/reference/protocol.md#workers), which clients of old know nothing about."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

from steamship_engine.api.current import workspace_of
from steamship_engine.api.instances import GetInput, ListInput, filter_of
from steamship_engine.api.operations import Call, Operation
from steamship_engine.api.pages import paging
from steamship_engine.api.times import wire_time_ms
from steamship_engine.control import workers
from steamship_engine.control.workers import InstanceWorkers, Wanted
from steamship_engine.runtime.port import WorkerFacts
from steamship_engine.store.instances import Placed


class WorkersInput(ListInput, GetInput):
    """Of one instance, by id or by handle in the current workspace; else of all that a listing of instances has."""


def _workers(call: Call, wanted: WorkersInput) -> dict[str, Any]:
    if wanted.id or wanted.handle:
        found, token = [workers.of_instance(call.ground, call.who(), _named(call, wanted))], None
    else:
        page = workers.listed(call.ground, call.who(), filter_of(call, wanted), paging(wanted))
        found, token = page.items, page.next_token
    return {"workers": [told for each in found for told in _to_wire(each)], "nextPageToken": token}


def _restart(call: Call, wanted: GetInput) -> dict[str, Any]:
    placed, count = workers.restart(call.ground, call.who(), _named(call, wanted))
    return {"restart": {**_instance(placed), "workers": count}}


def _named(call: Call, wanted: GetInput) -> Wanted:
    return Wanted(wanted.id, wanted.handle, wanted.package_handle, partial(workspace_of, call))


def _instance(placed: Placed) -> dict[str, Any]:
    return {
        "instanceId": placed.instance.id,
        "instanceHandle": placed.instance.handle,
        "workspaceHandle": placed.workspace_handle,
    }


def _to_wire(found: InstanceWorkers) -> list[dict[str, Any]]:
    return [{**_instance(found.placed), **_worker(facts)} for facts in found.workers]


def _worker(facts: WorkerFacts) -> dict[str, Any]:
    return {
        "packageVersionId": facts.version_id,
        "pid": facts.pid,
        "state": facts.state.value,
        "reason": None if facts.reason is None else facts.reason.value,
        "detail": facts.detail,
        "since": _moment(facts.since),
        "startedAt": _moment(facts.started),
        "calls": facts.calls,
        "memory": facts.memory,
        "sent": facts.sent,
        "received": facts.received,
    }


def _moment(seconds: float) -> str:
    return wire_time_ms(datetime.fromtimestamp(seconds, UTC))


OPERATIONS = (
    Operation(
        path="package/instance/workers",
        input=WorkersInput,
        run=_workers,
        instance_keys=True,
        summary="The workers of own instances.",
    ),
    Operation(
        path="package/instance/restart",
        input=GetInput,
        run=_restart,
        changes=True,
        summary="Give an instance new workers for the calls to come.",
    ),
)
