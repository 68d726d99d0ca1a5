"""Workspaces: where instances, files and tasks of a user live, apart from those of others."""

from __future__ import annotations

from typing import Any, ClassVar

from steamship.base.client import Client
from steamship.base.model import Resource
from steamship.base.request import DeleteRequest, GetRequest, ListRequest, SortOrder
from steamship.base.response import ListResponse


class ListWorkspacesRequest(ListRequest):
    """A page of the user's workspaces."""


class ListWorkspacesResponse(ListResponse):
    """A page of the user's workspaces."""

    workspaces: list[Workspace]


class Workspace(Resource):
    """A workspace; its handle is unique among its user's."""

    _wrapper: ClassVar[str] = "workspace"

    id: str | None = None
    handle: str | None = None

    def delete(self) -> Workspace:
        """Delete it with everything in it. Raises NotFoundError the second time."""
        request = DeleteRequest(id=str(self.id))
        deleted: Workspace = self.client.post("workspace/delete", request, expect=Workspace)
        return deleted

    @staticmethod
    def get(
        client: Client, id_: str | None = None, handle: str | None = None, fetch_if_exists: bool | None = None
    ) -> Workspace:
        """The workspace with that id or handle, or that of the client without either. Raises NotFoundError."""
        request = GetRequest(id=id_, handle=handle).model_dump(exclude_none=True)
        if fetch_if_exists is not None:
            request["fetchIfExists"] = fetch_if_exists
        workspace: Workspace = client.post("workspace/get", request, expect=Workspace)
        return workspace

    @staticmethod
    def create(
        client: Client,
        handle: str | None = None,
        external_id: str | None = None,
        external_type: str | None = None,
        metadata: Any = None,
        fetch_if_exists: bool = True,
    ) -> Workspace:
        """A new workspace, or the one that has the handle.

        Without a handle the engine makes one. With `fetch_if_exists=False` a handle that is taken
        raises AlreadyExistsError.
        """
        given = {
            "handle": handle,
            "externalId": external_id,
            "externalType": external_type,
            "metadata": metadata,
            "fetchIfExists": fetch_if_exists,
        }
        request = {name: value for name, value in given.items() if value is not None}
        workspace: Workspace = client.post("workspace/create", request, expect=Workspace)
        return workspace

    @staticmethod
    def list(
        client: Client,
        t: str | None = None,  # noqa: ARG004
        page_size: int | None = None,
        page_token: str | None = None,
        sort_order: SortOrder | None = SortOrder.DESC,
    ) -> ListWorkspacesResponse:
        """A page of the user's workspaces. `t` is the original's and means nothing."""
        request = ListWorkspacesRequest(page_size=page_size, page_token=page_token, sort_order=sort_order)
        page: ListWorkspacesResponse = client.post("workspace/list", request, expect=ListWorkspacesResponse)
        return page


ListWorkspacesResponse.model_rebuild()
