"""Instances (docs/reference/protocol.md#instances)."""

from __future__ import annotations

from functools import partial
from typing import Any

from pydantic import AliasChoices, Field

from steamship_engine.api.current import workspace_of
from steamship_engine.api.operations import Answer, Call, Input, Operation, PagedInput, WaitForTask
from steamship_engine.api.pages import paging
from steamship_engine.api.times import wire_time
from steamship_engine.control import instances, networks, versions
from steamship_engine.control.addresses import Addresses
from steamship_engine.control.instances import Filter
from steamship_engine.control.reuse import Wanted
from steamship_engine.control.use import use
from steamship_engine.model.states import InitStatus
from steamship_engine.store.instances import Placed
from steamship_engine.tasks.threads import in_thread

USE = "use/1"
"""The word of `X-Steamship-Accept` with which a client asks for workspace, instance and init in one call."""

LONGEST_INIT_WAIT_MS = 180_000


class CreateInput(Input):
    """The last three fields count only where the client accepts `use/1`."""

    package_id: str | None = None
    package_handle: str | None = None
    package_version_id: str | None = None
    package_version_handle: str | None = None
    handle: str | None = None
    fetch_if_exists: bool | None = None
    config: dict[str, Any] | None = None
    local_development_url: str | None = Field(
        default=None, validation_alias=AliasChoices("localDevelopmentURL", "localDevelopmentUrl")
    )
    workspace_id: str | None = None
    workspace_handle: str | None = None
    create_workspace: bool | None = None
    init_wait_ms: int | None = None


class GetInput(Input):
    """By id, or by handle in the current workspace."""

    id: str | None = None
    handle: str | None = None
    package_handle: str | None = None


class DeleteInput(Input):
    """By id."""

    id: str


class ListInput(PagedInput):
    """Of the current workspace, or of all. The workspace's fields are always filled."""

    package_id: str | None = None
    package_version_id: str | None = None
    include_workspace: bool | None = None
    across_workspaces: bool | None = None


def to_wire(addresses: Addresses, placed: Placed) -> dict[str, Any]:
    """An instance on the wire, without its secrets. `initMessage` is ours."""
    instance = placed.instance
    url = addresses.invocation_url(placed.user_handle, placed.workspace_handle, instance.handle)
    return {
        "id": instance.id,
        "handle": instance.handle,
        "packageId": instance.package_id,
        "packageHandle": placed.package_handle,
        "packageVersionId": instance.version_id,
        "packageVersionHandle": placed.version_handle,
        "userId": instance.user_id,
        "userHandle": placed.user_handle,
        "workspaceId": instance.workspace_id,
        "workspaceHandle": placed.workspace_handle,
        "invocationURL": url,
        "invocationUrl": url,
        "config": instance.config,
        "initStatus": instance.init_status.value,
        "initMessage": instance.init_message,
        "initTaskID": instance.init_task_id,
        "description": None,
        "createdAt": wire_time(instance.created_at),
        "updatedAt": wire_time(instance.updated_at),
    }


def _answer(call: Call, placed: Placed) -> dict[str, Any]:
    return {"packageInstance": to_wire(_addresses(call), placed)}


def _addresses(call: Call) -> Addresses:
    return networks.addresses_for(call.ground, call.who().network)


def _create(call: Call, wanted: CreateInput) -> dict[str, Any]:
    in_one_call = USE in call.accepts
    placed = use(
        call.ground,
        call.who(),
        Wanted(
            package=versions.Wanted(
                version_id=wanted.package_version_id,
                handle=wanted.package_version_handle,
                package_id=wanted.package_id,
                package_handle=wanted.package_handle,
            ),
            handle=wanted.handle,
            config=wanted.config,
            fetch_if_exists=wanted.fetch_if_exists is True,
            workspace_id=wanted.workspace_id,
            workspace_handle=wanted.workspace_handle if in_one_call else None,
            create_workspace=in_one_call and wanted.create_workspace is True,
            is_local=bool(wanted.local_development_url),
        ),
        current=partial(workspace_of, call),
        request_id=call.request_id,
    )
    return _answer(call, placed)


async def _settle(call: Call, wanted: CreateInput, answer: Answer, wait: WaitForTask) -> Answer:
    """Wait for the init as long as the client wishes to, holding neither a thread nor a connection."""
    assert isinstance(answer, dict), "an instance is answered as JSON"
    made = answer["packageInstance"]
    wait_ms = min(wanted.init_wait_ms or 0, LONGEST_INIT_WAIT_MS) if USE in call.accepts else 0
    if made["initStatus"] != InitStatus.INITIALIZING or wait_ms <= 0:
        return answer
    await wait(made["initTaskID"], wait_ms / 1000)
    return await in_thread(partial(_get, call, GetInput(id=made["id"])), "instance: look again")


def _get(call: Call, wanted: GetInput) -> dict[str, Any]:
    placed = instances.get(
        call.ground,
        call.who(),
        instance_id=wanted.id,
        handle=wanted.handle,
        package_handle=wanted.package_handle,
        current=partial(workspace_of, call),
    )
    return _answer(call, placed)


def _list(call: Call, wanted: ListInput) -> dict[str, Any]:
    page = instances.listed(call.ground, call.who(), filter_of(call, wanted), paging(wanted))
    return {
        "packageInstances": [to_wire(_addresses(call), placed) for placed in page.items],
        "nextPageToken": page.next_token,
    }


def filter_of(call: Call, wanted: ListInput) -> Filter:
    """Which instances a listing is asked for."""
    everywhere = wanted.across_workspaces is True
    return Filter(
        package_id=wanted.package_id,
        version_id=wanted.package_version_id,
        workspace_id=None if everywhere else workspace_of(call).id,
    )


def _delete(call: Call, wanted: DeleteInput) -> dict[str, Any]:
    return _answer(call, instances.delete(call.ground, call.who(), wanted.id))


OPERATIONS = (
    Operation(
        path="package/instance/create",
        input=CreateInput,
        run=_create,
        changes=True,
        top_level=True,
        settle=_settle,
        instance_keys=True,
        summary="Make an instance, or fetch it where the handle is used.",
    ),
    Operation(
        path="package/instance/get",
        input=GetInput,
        run=_get,
        instance_keys=True,
        summary="An own instance.",
    ),
    Operation(
        path="package/instance/list",
        input=ListInput,
        run=_list,
        instance_keys=True,
        summary="Own instances, in the current workspace or in all.",
    ),
    Operation(
        path="package/instance/delete",
        input=DeleteInput,
        run=_delete,
        changes=True,
        summary="Remove an instance with its worker.",
    ),
)
