"""Packages (docs/reference/protocol.md#packages)."""

from __future__ import annotations

from typing import Any

from steamship_engine.api.operations import Call, Input, Operation, PagedInput, Who
from steamship_engine.api.pages import paging
from steamship_engine.api.times import wire_time
from steamship_engine.control import packages
from steamship_engine.model.nouns import Package


class CreateInput(Input):
    """`profile` is the manifest, kept as it is."""

    handle: str | None = None
    is_public: bool | None = None
    description: str | None = None
    readme: str | None = None
    profile: dict[str, Any] | None = None
    fetch_if_exists: bool | None = None


class GetInput(Input):
    """By id or by handle."""

    id: str | None = None
    handle: str | None = None


class UpdateInput(Input):
    """What is absent or null stays as it is. `isPublic` is ours."""

    id: str
    handle: str | None = None
    is_public: bool | None = None
    description: str | None = None
    readme: str | None = None
    profile: dict[str, Any] | None = None


class DeleteInput(Input):
    """By id."""

    id: str


class ListInput(PagedInput):
    """`public` true or false shows only such."""

    public: bool | None = None
    featured: bool | None = None


def to_wire(package: Package) -> dict[str, Any]:
    """A package on the wire."""
    return {
        "id": package.id,
        "handle": package.handle,
        "userId": package.user_id,
        "isPublic": package.is_public,
        "description": package.description,
        "readme": package.readme,
        "profile": package.profile,
        "featured": False,
        "createdAt": wire_time(package.created_at),
        "updatedAt": wire_time(package.updated_at),
    }


def _create(call: Call, wanted: CreateInput) -> dict[str, Any]:
    package = packages.create(
        call.ground,
        call.who(),
        packages.Wanted(
            handle=wanted.handle,
            is_public=wanted.is_public is True,
            description=wanted.description,
            readme=wanted.readme,
            profile=wanted.profile,
        ),
        fetch_if_exists=wanted.fetch_if_exists is True,
    )
    return {"package": to_wire(package)}


def _get(call: Call, wanted: GetInput) -> dict[str, Any]:
    package = packages.get(call.ground, call.who(), package_id=wanted.id, handle=wanted.handle)
    return {"package": to_wire(package)}


def _update(call: Call, wanted: UpdateInput) -> dict[str, Any]:
    changed = wanted.model_dump(exclude={"id"}, exclude_none=True)
    return {"package": to_wire(packages.update(call.ground, call.who(), wanted.id, changed))}


def _delete(call: Call, wanted: DeleteInput) -> dict[str, Any]:
    return {"package": to_wire(packages.delete(call.ground, call.who(), wanted.id))}


def _list(call: Call, wanted: ListInput) -> dict[str, Any]:
    page = packages.listed(
        call.ground,
        call.who(),
        is_public=wanted.public,
        featured=wanted.featured,
        paging=paging(wanted),
    )
    return {"packages": [to_wire(package) for package in page.items], "nextPageToken": page.next_token}


OPERATIONS = (
    Operation(
        path="package/create",
        input=CreateInput,
        run=_create,
        who=Who.USER,
        changes=True,
        summary="Make a package, or fetch it where the handle is used.",
    ),
    Operation(path="package/get", input=GetInput, run=_get, summary="A package that the key's user may see."),
    Operation(
        path="package/update",
        input=UpdateInput,
        run=_update,
        who=Who.USER,
        changes=True,
        summary="Change an own package's handle, texts, profile or visibility.",
    ),
    Operation(
        path="package/delete",
        input=DeleteInput,
        run=_delete,
        who=Who.USER,
        changes=True,
        summary="Remove an own package with its versions and the owner's instances.",
    ),
    Operation(
        path="package/list",
        input=ListInput,
        run=_list,
        summary="The user's own packages, and public ones that have a version.",
    ),
)
