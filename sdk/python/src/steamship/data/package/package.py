"""Packages: what their author deploys versions of."""

from __future__ import annotations

from typing import Any, ClassVar

from steamship.base.client import Client
from steamship.base.model import Resource
from steamship.base.request import (
    CreateRequest,
    DeleteRequest,
    IdentifierRequest,
    ListRequest,
    SortOrder,
)
from steamship.base.response import ListResponse
from steamship.data.manifest import Manifest


class PackageCreateRequest(CreateRequest):
    """A package to make."""

    is_public: bool = False
    profile: Manifest | None = None
    fetch_if_exists: bool = False


class ListPackagesResponse(ListResponse):
    """A page of packages."""

    packages: list[Package]


class Package(Resource):
    """A package; its handle is unique among all users'. `profile` is the manifest it was deployed with."""

    _wrapper: ClassVar[str] = "package"

    id: str | None = None
    handle: str | None = None
    user_id: str | None = None
    profile: Manifest | dict[str, Any] | None = None
    description: str | None = None
    readme: str | None = None
    is_public: bool | None = False

    @staticmethod
    def create(
        client: Client,
        handle: str | None = None,
        profile: Manifest | None = None,
        is_public: bool = False,
        fetch_if_exists: bool = False,
    ) -> Package:
        """A new package, or with `fetch_if_exists` the one that has the handle. Raises AlreadyExistsError."""
        request = PackageCreateRequest(
            handle=handle, is_public=is_public, profile=profile, fetch_if_exists=fetch_if_exists
        )
        package: Package = client.post("package/create", request, expect=Package)
        return package

    @staticmethod
    def get(client: Client, handle: str) -> Package:
        """The package with that handle. Raises NotFoundError for one that the user may not see."""
        package: Package = client.post("package/get", IdentifierRequest(handle=handle), expect=Package)
        return package

    @staticmethod
    def list(
        client: Client,
        page_size: int | None = None,
        page_token: str | None = None,
        sort_order: SortOrder | None = SortOrder.DESC,
    ) -> ListPackagesResponse:
        """A page of the packages that the user may see."""
        request = ListRequest(page_size=page_size, page_token=page_token, sort_order=sort_order)
        page: ListPackagesResponse = client.post("package/list", request, expect=ListPackagesResponse)
        return page

    def update(self, client: Client) -> Package:
        """Write description, profile and readme to the engine."""
        profile = self.profile
        if isinstance(profile, Manifest):
            profile = profile.model_dump(mode="json", exclude_none=True)
        changes = {"id": self.id, "description": self.description, "profile": profile, "readme": self.readme}
        request = {name: value for name, value in changes.items() if value is not None}
        package: Package = client.post("package/update", request, expect=Package)
        return package

    def delete(self) -> Package:
        """Delete it with its versions and all of the user's instances.

        Raises ConflictError when another user has an instance.
        """
        request = DeleteRequest(id=str(self.id))
        deleted: Package = self.client.post("package/delete", request, expect=Package)
        return deleted


ListPackagesResponse.model_rebuild()
