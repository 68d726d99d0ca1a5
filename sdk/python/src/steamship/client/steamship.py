"""The client that users and packages work with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import MethodType
from typing import TYPE_CHECKING, Any, Protocol, Self, overload

from steamship.base.client import Client
from steamship.base.error import NotFoundError

if TYPE_CHECKING:
    from steamship.data.package.package_instance import PackageInstance
    from steamship.data.workspace import Workspace

# How long the engine may hold its answer while the init of a new instance runs.
INIT_WAIT_MS = 30_000


class _UseInOwnWorkspace(Protocol):
    def __call__(
        self,
        package_handle: str,
        instance_handle: str | None = None,
        config: dict[str, Any] | None = None,
        version: str | None = None,
        fetch_if_exists: bool = True,
        workspace_handle: str | None = None,
        wait_for_init: bool = True,
        **kwargs: Any,
    ) -> PackageInstance: ...


class _UseInThisWorkspace(Protocol):
    def __call__(
        self,
        package_handle: str,
        instance_handle: str | None = None,
        config: dict[str, Any] | None = None,
        version: str | None = None,
        fetch_if_exists: bool = True,
        wait_for_init: bool = True,
    ) -> PackageInstance: ...


class _Use:
    """`Steamship.use` works in a workspace named after the instance, `client.use` in the client's own."""

    @overload
    def __get__(self, client: None, owner: type[Steamship]) -> _UseInOwnWorkspace: ...
    @overload
    def __get__(self, client: Steamship, owner: type[Steamship]) -> _UseInThisWorkspace: ...
    def __get__(self, client: Steamship | None, owner: type[Steamship]) -> Any:
        return MethodType(_use_in_own_workspace, owner) if client is None else client._instance_use


class Steamship(Client):
    """A key and a workspace to use packages, and all else an engine has, with.

    `use` gives an instance of a package, and makes it the first time:
    `Steamship.use("package", "instance")` in a workspace of its own, `client.use("package")` in the
    client's. See `Client` for the arguments.
    """

    use = _Use()

    @classmethod
    def in_workspace(
        cls,
        *,
        api_key: str | Callable[[], str],
        api_base: str,
        app_base: str,
        web_base: str,
        workspace_id: str,
        workspace_handle: str,
        request_id: str | Callable[[], str | None] | None = None,
    ) -> Self:
        """The client of a running instance: makes no call and reads neither environment nor file.

        Key and request id may be functions; they are asked at each call.
        """
        from steamship.base.configuration import Configuration

        fixed_id = None if callable(request_id) else request_id
        config = Configuration.of_instance(
            api_key=api_key,
            api_base=api_base,
            app_base=app_base,
            web_base=web_base,
            workspace_id=workspace_id,
            workspace_handle=workspace_handle,
            request_id=fixed_id,
        )
        return cls.without_workspace(config, request_id if callable(request_id) else None)

    @classmethod
    @contextmanager
    def temporary_workspace(cls, **kwargs: Any) -> Iterator[Steamship]:
        """A client in a new workspace that is deleted, with all in it, at the end of the block."""
        import uuid

        kwargs.pop("workspace", None)
        client = cls(workspace=f"temp-{uuid.uuid4()}", fail_if_workspace_exists=True, **kwargs)
        workspace_id = client.config.workspace_id
        try:
            yield client
        finally:
            # The block may have deleted it itself.
            with suppress(NotFoundError):
                client.post("workspace/delete", {"id": workspace_id})

    def get_workspace(self) -> Workspace:
        """The workspace that this client works in."""
        from steamship.data.workspace import Workspace

        return Workspace.get(self, id_=self.config.workspace_id, handle=self.config.workspace_handle)

    def _instance_use(
        self,
        package_handle: str,
        instance_handle: str | None = None,
        config: dict[str, Any] | None = None,
        version: str | None = None,
        fetch_if_exists: bool = True,
        wait_for_init: bool = True,
    ) -> PackageInstance:
        """The instance of a package in this client's workspace, made when it is not there yet.

        Without `instance_handle` it is named after the package and, when there is a config, a digest
        of config and version. Everything else is as in `Steamship.use`.
        """
        if instance_handle is None:
            instance_handle = _derived_handle(package_handle, config, version)
        wanted = {
            "handle": instance_handle,
            "package_handle": package_handle,
            "package_version_handle": version,
            "config": config,
            "fetch_if_exists": fetch_if_exists,
        }
        instance = _made(self, wanted, wait_for_init)
        if wait_for_init:
            instance.wait_for_init()
        return instance


def _use_in_own_workspace(
    cls: type[Steamship],
    package_handle: str,
    instance_handle: str | None = None,
    config: dict[str, Any] | None = None,
    version: str | None = None,
    fetch_if_exists: bool = True,
    workspace_handle: str | None = None,
    wait_for_init: bool = True,
    **kwargs: Any,
) -> PackageInstance:
    """Your instance of a package, made when it is not there yet: the same handle gives the same instance.

    `instance_handle` is the package's when it is left out. The instance lives in the workspace
    `workspace_handle`, named as the instance unless given, with its own config, data and endpoints.
    `version` pins a new instance to one version instead of the last deployed one; an existing one
    stays on its own. `config` is checked against the package's template and cannot change later.

    `fetch_if_exists=False` raises AlreadyExistsError when the instance is there. `wait_for_init=False`
    does not wait for its init. Other arguments are those of `Steamship`. One call of the engine.

    Raises NotFoundError for an unknown package or version, InvalidConfigError, ConflictError when the
    instance is of another package or version, PackageError with the reason when its init failed.
    """
    from steamship.base.configuration import Configuration

    Configuration.refuse_unknown("use", kwargs.keys() - {"config_file"})
    configuration = Configuration(**kwargs)
    configuration.workspace_id = configuration.workspace_handle = None
    client = cls.without_workspace(configuration)
    handle = instance_handle or package_handle
    wanted = {
        "handle": handle,
        "package_handle": package_handle,
        "package_version_handle": version,
        "config": config,
        "fetch_if_exists": fetch_if_exists,
        "workspace_handle": workspace_handle or handle,
        "create_workspace": True,
    }
    instance = _made(client, wanted, wait_for_init)
    client._enter(instance.workspace_id, instance.workspace_handle)
    if wait_for_init:
        instance.wait_for_init()
    return instance


def _made(client: Steamship, wanted: dict[str, Any], wait_for_init: bool) -> PackageInstance:
    from steamship.data.package.package_instance import CreatePackageInstanceRequest, PackageInstance

    request = CreatePackageInstanceRequest(**wanted, init_wait_ms=INIT_WAIT_MS if wait_for_init else None)
    return PackageInstance.request(client, request)


def _derived_handle(package_handle: str, config: dict[str, Any] | None, version: str | None) -> str:
    """The handle of an instance that was given none; the same in every client."""
    if config is None:
        return package_handle
    from steamship.utils.metadata import hash_dict

    return f"{package_handle}-{hash_dict({**config, 'version': version})}"
