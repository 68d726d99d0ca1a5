"""Instances: somebody's private stack of a package."""

from __future__ import annotations

import builtins
import time
from collections.abc import Generator
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import quote

from pydantic import ValidationError

from steamship.base.client import Client
from steamship.base.error import InvalidRequestError, PackageError, PackageReplyError, PackageTimeoutError
from steamship.base.model import Resource
from steamship.base.request import DeleteRequest, IdentifierRequest, ListRequest, Request, SortOrder
from steamship.base.response import ListResponse
from steamship.base.tasks import Task, poll_pause_s
from steamship.data.block import Block
from steamship.data.invocable_init_status import InvocableInitStatus
from steamship.data.workspace import Workspace
from steamship.utils.url import Verb

LOCAL_DEVELOPMENT_VERSION_HANDLE = "local-development!"


class CreatePackageInstanceRequest(Request):
    """An instance to make. The last three are answered only to clients that say they know of them.

    `workspace_handle` names the workspace instead of the request's own, and with `create_workspace`
    it is made when it is missing. `init_wait_ms`: how long the answer may wait for the init.
    """

    id: str | None = None
    package_id: str | None = None
    package_handle: str | None = None
    package_version_id: str | None = None
    package_version_handle: str | None = None
    handle: str | None = None
    fetch_if_exists: bool | None = None
    config: dict[str, Any] | None = None
    workspace_id: str | None = None
    local_development_url: str | None = None
    workspace_handle: str | None = None
    create_workspace: bool | None = None
    init_wait_ms: int | None = None


class ListPackageInstancesRequest(ListRequest):
    """A page of instances."""

    package_id: str | None = None
    package_version_id: str | None = None
    include_workspace: bool | None = None
    across_workspaces: bool | None = None


class ListPackageInstancesResponse(ListResponse):
    """A page of instances."""

    package_instances: list[PackageInstance]


class PackageInstance(Resource):
    """An instance, ready to be invoked.

    `invocation_url` is its address, with a slash at the end: a method's name appended is the method's
    address. `user_handle` is its owner. `init_message` says why `init_status` is `failed`.
    """

    _wrapper: ClassVar[str] = "packageInstance"

    id: str | None = None
    handle: str | None = None
    package_id: str | None = None
    package_handle: str | None = None
    user_handle: str | None = None
    package_version_id: str | None = None
    package_version_handle: str | None = None
    user_id: str | None = None
    invocation_url: str | None = None
    config: dict[str, Any] | None = None
    workspace_id: str | None = None
    workspace_handle: str | None = None
    init_status: InvocableInitStatus | None = None
    init_message: str | None = None
    created_at: datetime | None = None

    @staticmethod
    def create(
        client: Client,
        package_id: str | None = None,
        package_handle: str | None = None,
        package_version_id: str | None = None,
        package_version_handle: str | None = None,
        handle: str | None = None,
        fetch_if_exists: bool | None = None,
        config: dict[str, Any] | None = None,
    ) -> PackageInstance:
        """A new instance in the client's workspace, or with `fetch_if_exists` the one that has the handle.

        Does not wait for its init. Raises AlreadyExistsError, NotFoundError, InvalidConfigError.
        """
        return PackageInstance.request(
            client,
            CreatePackageInstanceRequest(
                handle=handle,
                package_id=package_id,
                package_handle=package_handle,
                package_version_id=package_version_id,
                package_version_handle=package_version_handle,
                fetch_if_exists=fetch_if_exists,
                config=config,
            ),
        )

    @staticmethod
    def create_local_development_instance(
        client: Client,
        local_development_url: str,
        package_id: str | None = None,
        package_handle: str | None = None,
        handle: str | None = None,
        fetch_if_exists: bool = True,
        config: dict[str, Any] | None = None,
    ) -> PackageInstance:
        """An instance whose calls are passed on to `local_development_url`."""
        return PackageInstance.request(
            client,
            CreatePackageInstanceRequest(
                handle=handle,
                package_id=package_id,
                package_handle=package_handle,
                package_version_handle=LOCAL_DEVELOPMENT_VERSION_HANDLE,
                fetch_if_exists=fetch_if_exists,
                config=config,
                local_development_url=local_development_url,
            ),
        )

    @staticmethod
    def request(client: Client, request: CreatePackageInstanceRequest) -> PackageInstance:
        """The instance that `request` asks for."""
        instance: PackageInstance = client.post(
            "package/instance/create",
            request,
            expect=PackageInstance,
            # Asked twice, the second answer is the instance that the first made.
            repeatable=bool(request.fetch_if_exists and request.handle),
        )
        return instance

    @staticmethod
    def get(client: Client, handle: str) -> PackageInstance:
        """The instance with that handle in the client's workspace. Raises NotFoundError."""
        request = IdentifierRequest(handle=handle)
        instance: PackageInstance = client.post("package/instance/get", request, expect=PackageInstance)
        return instance

    @staticmethod
    def list(
        client: Client,
        package_id: str | None = None,
        package_version_id: str | None = None,
        include_workspace: bool | None = None,
        across_workspaces: bool | None = None,
        page_size: int | None = None,
        page_token: str | None = None,
        sort_order: SortOrder | None = SortOrder.DESC,
    ) -> ListPackageInstancesResponse:
        """A page of the instances in the client's workspace, or with `across_workspaces` in all of them."""
        request = ListPackageInstancesRequest(
            package_id=package_id,
            package_version_id=package_version_id,
            include_workspace=include_workspace,
            across_workspaces=across_workspaces,
            page_size=page_size,
            page_token=page_token,
            sort_order=sort_order,
        )
        page: ListPackageInstancesResponse = client.post(
            "package/instance/list", request, expect=ListPackageInstancesResponse
        )
        return page

    def delete(self) -> PackageInstance:
        """Delete it; its workspace stays. Raises NotFoundError the second time."""
        request = DeleteRequest(id=str(self.id))
        deleted: PackageInstance = self.client.post(
            "package/instance/delete", request, expect=PackageInstance
        )
        return deleted

    def load_missing_workspace_handle(self) -> None:
        """Ask for the handle of the workspace if only its id is known."""
        if self.client is not None and self.workspace_handle is None and self.workspace_id is not None:
            self.workspace_handle = Workspace.get(self.client, id_=self.workspace_id).handle

    def invoke(self, path: str, verb: Verb = Verb.POST, timeout_s: float | None = None, **kwargs: Any) -> Any:
        """Call a method with arguments by name, and return what it returned.

        JSON comes back as it is, text as str, other content as bytes, no content as None. Arguments
        travel as JSON, with `Verb.GET` in the query (`steamship.base.request_bodies` says how).
        `timeout_s`: seconds until PackageTimeoutError, without a limit if None. Raises NotFoundError
        for an unknown method, InvalidRequestError for wrong arguments, PackageError when the method
        failed, and the other classes of `steamship.base.error`.
        """
        target = _target(path)
        if self.invocation_url:
            url = self.invocation_url + target
            return self.client.call_package(path, url, Verb(verb), kwargs, timeout_s)
        self.load_missing_workspace_handle()
        return self.client.call(
            Verb(verb),
            f"{self.workspace_handle or '_'}/{self.handle or '_'}/{target}",
            kwargs,
            is_package_call=True,
            package_owner=self.user_handle,
            package_id=self.package_id,
            package_instance_id=self.id,
            timeout_s=timeout_s,
        )

    def stream(
        self, path: str, verb: Verb = Verb.POST, timeout_s: float | None = None, **kwargs: Any
    ) -> Generator[Any, None, None]:
        """Call a method that is a generator, and yield its items as they arrive.

        Arguments as for `invoke`, which waits for the last item and returns a list. A method that returns a list
        gives its items, another value itself; text and bytes come in pieces. The call begins with the first item and is given
        up, in the package too, when the iterator is closed. Raises what `invoke` does, also between two items.
        """
        target = _target(path)
        client: Client = self.client
        if self.invocation_url:
            return client.stream_package(path, self.invocation_url + target, Verb(verb), kwargs, timeout_s)
        self.load_missing_workspace_handle()
        url, headers = client.package_address(
            self.user_handle,
            self.package_id,
            self.id,
            f"{self.workspace_handle or '_'}/{self.handle or '_'}/{target}",
        )
        return client.stream_package(path, url, Verb(verb), kwargs, timeout_s, headers)

    def blocks_from_invoke(
        self, path: str, verb: Verb = Verb.POST, timeout_s: float | None = None, **kwargs: Any
    ) -> builtins.list[Block]:
        """`invoke` of a method that returns a block, or several."""
        value = self.invoke(path, verb, timeout_s, **kwargs)
        items = value if isinstance(value, builtins.list) else [value]
        return [_read(path, Block, item, self.client) for item in items]

    def task_from_invoke(
        self, path: str, verb: Verb = Verb.POST, timeout_s: float | None = None, **kwargs: Any
    ) -> Task[Any]:
        """`invoke` of a method that returns a task."""
        task: Task[Any] = _read(path, Task, self.invoke(path, verb, timeout_s, **kwargs), self.client)
        return task

    def full_url_for(self, path: str) -> str:
        """The address of a method."""
        return f"{self.invocation_url}{path.lstrip('/')}"

    def refresh_init_status(self) -> None:
        """Ask the engine how far the init is."""
        client = self.client.in_workspace_of(self.workspace_id, self.workspace_handle)
        request = IdentifierRequest(id=self.id) if self.id else IdentifierRequest(handle=self.handle)
        newer: PackageInstance = client.post("package/instance/get", request, expect=PackageInstance)
        self.init_status, self.init_message = newer.init_status, newer.init_message

    def wait_for_init(self, max_timeout_s: float = 180, retry_delay_s: float = 1) -> None:
        """Wait until the init is done, asking at least every `retry_delay_s` seconds, sooner at first.

        Raises PackageError with the reason when it failed, PackageTimeoutError when it is not done
        after `max_timeout_s`. The instance stays in either case.
        """
        start = time.monotonic()
        while self.init_status == InvocableInitStatus.INITIALIZING:
            elapsed = time.monotonic() - start
            if elapsed >= max_timeout_s:
                raise PackageTimeoutError(
                    f'The instance "{self.handle}" of "{self.package_handle}" is still initializing after'
                    f" {max_timeout_s:g} s.",
                    suggestion="The init goes on: use the instance again later, or ask the package's author.",
                )
            time.sleep(min(poll_pause_s(elapsed, retry_delay_s), max_timeout_s - elapsed))
            self.refresh_init_status()
        if self.init_status == InvocableInitStatus.FAILED:
            raise PackageError(
                f'The instance "{self.handle}" of "{self.package_handle}" failed to initialize:'
                f" {self.init_message or 'the engine gives no reason.'}",
                suggestion="The instance stays, to be looked at. Delete it, or use another handle, to try again.",
            )


def _target(path: str) -> str:
    """A method's name as a path below its instance, which it must not leave."""
    segments = path.lstrip("/").split("/")
    if segments[0] == "" or "." in segments or ".." in segments:
        raise InvalidRequestError(
            f'"{path}" is not the name of a method.',
            suggestion='Call invoke("__dir__") to see which there are.',
        )
    return "/".join(quote(segment, safe="") for segment in segments)


def _read(path: str, kind: type[Any], value: Any, client: Client) -> Any:
    try:
        return kind.model_validate(value, context={"client": client})
    except ValidationError as error:
        raise PackageReplyError(f'"{path}" returned no {kind.__name__}: {error}.') from error


ListPackageInstancesResponse.model_rebuild()
