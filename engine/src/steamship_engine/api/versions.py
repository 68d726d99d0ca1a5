"""Versions (docs/reference/protocol.md#versions)."""

from __future__ import annotations

from typing import Any

from steamship_engine.api.operations import Call, Input, Operation, PagedInput, Upload, Who
from steamship_engine.api.pages import paging
from steamship_engine.api.times import wire_time
from steamship_engine.control import deploys, versions
from steamship_engine.control.deploys import Bundle, Deploy
from steamship_engine.control.versions import Shown
from steamship_engine.model import network
from steamship_engine.model.errors import InvalidRequestError
from steamship_engine.model.identifiers import derived_id, new_id
from steamship_engine.model.limits import BUNDLE


class CreateInput(Input):
    """Beside the part `file`, the bundle. The last two count for originals only; the template is JSON text."""

    package_id: str
    handle: str | None = None
    config_template: str | None = None
    hosting_handler: str | None = None


class GetInput(Input):
    """By id, or by package and handle; a package alone means its last version."""

    id: str | None = None
    handle: str | None = None
    package_id: str | None = None
    package_handle: str | None = None


class ListInput(PagedInput):
    """Of one package, or of all that the user may see."""

    package_id: str | None = None
    package_handle: str | None = None


class DeleteInput(Input):
    """By id."""

    id: str


def to_wire(shown: Shown) -> dict[str, Any]:
    """A version on the wire. From `kind` on, the fields are ours."""
    version = shown.version
    return {
        "id": version.id,
        "packageId": version.package_id,
        "handle": version.handle,
        "configTemplate": version.config_template,
        "description": version.description,
        "isDefault": shown.is_default,
        "createdAt": wire_time(version.created_at),
        "updatedAt": wire_time(version.updated_at),
        "kind": version.kind.value,
        "kindReason": version.kind_reason,
        "spec": version.spec,
        "schemas": version.schemas,
        "readme": version.readme,
        "manifest": version.manifest,
        "notes": version.notes,
        "network": network.kept_wish(version.manifest).value,
    }


def _create(call: Call, wanted: CreateInput) -> dict[str, Any]:
    upload = call.upload
    if upload is None:
        raise InvalidRequestError(
            "The request has no bundle.",
            suggestion='Send multipart/form-data whose part "file" is the zip; `ship deploy` does.',
        )
    made = deploys.create(
        call.ground,
        call.who(),
        Deploy(
            version_id=derived_id(call.task_id, "version") if call.task_id else new_id(),
            package_id=wanted.package_id,
            handle=wanted.handle,
            config_template=wanted.config_template,
            hosting_handler=wanted.hosting_handler,
            bundle=_bundle(upload),
        ),
    )
    return {"packageVersion": to_wire(made)}


def _bundle(upload: Upload) -> Bundle:
    return Bundle(path=upload.path, size=upload.size, sha256=upload.sha256)


def _get(call: Call, wanted: GetInput) -> dict[str, Any]:
    found = versions.get(
        call.ground,
        call.who(),
        versions.Wanted(
            version_id=wanted.id,
            handle=wanted.handle,
            package_id=wanted.package_id,
            package_handle=wanted.package_handle,
        ),
    )
    return {"packageVersion": to_wire(found)}


def _list(call: Call, wanted: ListInput) -> dict[str, Any]:
    page = versions.listed(
        call.ground,
        call.who(),
        package_id=wanted.package_id,
        package_handle=wanted.package_handle,
        paging=paging(wanted),
    )
    return {"packageVersions": [to_wire(shown) for shown in page.items], "nextPageToken": page.next_token}


def _delete(call: Call, wanted: DeleteInput) -> dict[str, Any]:
    return {"packageVersion": to_wire(versions.delete(call.ground, call.who(), wanted.id))}


OPERATIONS = (
    Operation(
        path="package/version/create",
        input=CreateInput,
        run=_create,
        who=Who.USER,
        changes=True,
        always_task=True,
        takes_file=True,
        largest_file=BUNDLE.packed,
        summary="Deploy: store, build, import and describe a bundle.",
    ),
    Operation(
        path="package/version/get", input=GetInput, run=_get, summary="A version of a visible package."
    ),
    Operation(path="package/version/list", input=ListInput, run=_list, summary="Versions, newest first."),
    Operation(
        path="package/version/delete",
        input=DeleteInput,
        run=_delete,
        who=Who.USER,
        changes=True,
        summary="Remove a version of an own package with the owner's instances of it.",
    ),
)
