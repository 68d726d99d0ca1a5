"""Versions: what was deployed, and never changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from steamship.base.client import Client
from steamship.base.error import InvalidBundleError
from steamship.base.model import Resource
from steamship.base.request import DeleteRequest, ListRequest, Request, SortOrder
from steamship.base.request_bodies import Upload
from steamship.base.response import ListResponse
from steamship.base.tasks import Task


class CreatePackageVersionRequest(Request):
    """A version to make; `config_template` is JSON text."""

    package_id: str | None = None
    handle: str | None = None
    type: str = "file"
    hosting_handler: str | None = None
    config_template: str | None = None


class ListPackageVersionsRequest(ListRequest):
    """A page of a package's versions."""

    package_id: str | None = None


class ListPackageVersionsResponse(ListResponse):
    """A page of versions."""

    package_versions: list[PackageVersion]


class PackageVersion(Resource):
    """A version; its handle is unique within its package."""

    _wrapper: ClassVar[str] = "packageVersion"

    id: str | None = None
    package_id: str | None = None
    handle: str | None = None
    config_template: dict[str, Any] | None = Field(default=None)

    @staticmethod
    def submit(
        client: Client,
        package_id: str | None = None,
        handle: str | None = None,
        filename: str | None = None,
        filebytes: bytes | None = None,
        config_template: dict[str, Any] | None = None,
        hosting_handler: str | None = None,
    ) -> Task[PackageVersion]:
        """As `create`, without waiting: the task's output is the version."""
        if (filename is None) == (filebytes is None):
            raise InvalidBundleError(
                "A version needs the zip's path as filename, or its content as filebytes, and not both.",
                suggestion="Give one of the two.",
            )
        content = Path(filename).read_bytes() if filename is not None else filebytes
        request = CreatePackageVersionRequest(
            package_id=package_id,
            handle=handle,
            hosting_handler=hosting_handler,
            config_template=json.dumps(config_template or {}),
        )
        bundle = Upload("package.zip", content or b"", "application/zip")
        task: Task[PackageVersion] = client.post(
            "package/version/create", request, file=bundle, expect=PackageVersion
        )
        return task

    @staticmethod
    def create(
        client: Client,
        package_id: str | None = None,
        handle: str | None = None,
        filename: str | None = None,
        filebytes: bytes | None = None,
        config_template: dict[str, Any] | None = None,
        hosting_handler: str | None = None,
    ) -> PackageVersion:
        """Deploy a zip, the file `filename` or its content `filebytes`, and wait until it serves.

        Without a handle the engine makes one. Raises AlreadyExistsError for a handle that is taken,
        DeployError with the reason when the code cannot be imported.
        """
        task = PackageVersion.submit(
            client, package_id, handle, filename, filebytes, config_template, hosting_handler
        )
        return task.wait_until_completed()

    @staticmethod
    def list(
        client: Client,
        package_id: str | None = None,
        page_size: int | None = None,
        page_token: str | None = None,
        sort_order: SortOrder | None = SortOrder.DESC,
    ) -> ListPackageVersionsResponse:
        """A page of a package's versions."""
        request = ListPackageVersionsRequest(
            package_id=package_id, page_size=page_size, page_token=page_token, sort_order=sort_order
        )
        page: ListPackageVersionsResponse = client.post(
            "package/version/list", request, expect=ListPackageVersionsResponse
        )
        return page

    @staticmethod
    def get(
        client: Client,
        id: str | None = None,
        handle: str | None = None,
        package_id: str | None = None,
        package_handle: str | None = None,
    ) -> PackageVersion:
        """The version with that id, or with that handle in a package. Raises NotFoundError."""
        wanted = {"id": id, "handle": handle, "packageId": package_id, "packageHandle": package_handle}
        request = {name: value for name, value in wanted.items() if value is not None}
        version: PackageVersion = client.post("package/version/get", request, expect=PackageVersion)
        return version

    def delete(self) -> PackageVersion:
        """Delete it with all of the user's instances of it.

        Raises ConflictError when another user has an instance.
        """
        request = DeleteRequest(id=str(self.id))
        deleted: PackageVersion = self.client.post("package/version/delete", request, expect=PackageVersion)
        return deleted


ListPackageVersionsResponse.model_rebuild()
