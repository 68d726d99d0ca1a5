"""The class that authors' classes descend from."""

from __future__ import annotations

import inspect
from abc import ABC
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from steamship.base.call_scope import current_context
from steamship.base.package_spec import MethodSpec, PackageSpec
from steamship.invocable.class_spec import class_spec
from steamship.invocable.config import Config
from steamship.invocable.config_class import annotated_config_class, config_class
from steamship.invocable.instance_config import instance_config
from steamship.invocable.invocable_request import InvocableRequest, InvocationContext
from steamship.invocable.invocable_response import InvocableResponse
from steamship.invocable.routes import endpoint, find_route_methods, get, post
from steamship.invocable.secrets_file import load_secrets

if TYPE_CHECKING:
    from steamship.client.steamship import Steamship
    from steamship.data.manifest import ConfigParameter

__all__ = ["Invocable", "endpoint", "find_route_methods", "get", "post"]


class Invocable(ABC):
    """A class whose `@get` and `@post` methods can be invoked.

    One object serves every call of its worker, so keep on it only what all calls may share. Three
    attributes are there from the start: `client`, which works in the instance's workspace and under the
    key of the current call; `config`, an object of the class that `config_cls` names; `context`, the
    current call's InvocationContext.
    """

    config: Any

    def __init__(
        self,
        client: Steamship | None = None,
        config: dict[str, Any] | None = None,
        context: InvocationContext | None = None,
    ) -> None:
        """`config` overrides the secrets file. Raises InvalidConfigError, naming the parameters."""
        self.client = client
        self.context = context
        self.config = instance_config(config_class(type(self)), config or {}, load_secrets(type(self)))

    @property
    def client(self) -> Any:
        """The Steamship client of the instance's workspace, made when it is first asked for."""
        if self._client is None and self._make_client is not None:
            self._client = self._make_client()
        return self._client

    @client.setter
    def client(self, client: Any) -> None:
        self._client = client

    @property
    def context(self) -> Any:
        """The current call's InvocationContext; outside a call, the one the constructor was given."""
        return current_context() or self._context

    @context.setter
    def context(self, context: Any) -> None:
        self._context = context

    _client: Any = None
    _context: Any = None
    _make_client: Callable[[], Any] | None = None
    _own_spec: PackageSpec | None = None

    @property
    def _package_spec(self) -> PackageSpec:
        """This object's routes: the class's, and those added since."""
        if self._own_spec is None:
            self._own_spec = class_spec(type(self)).clone()
        return self._own_spec

    def __steamship_dir__(self) -> dict:  # type: ignore[type-arg]
        """Describe every method of this package."""
        return self._package_spec.model_dump(mode="json", by_alias=True)

    def invocable_instance_init(self) -> InvocableResponse:  # type: ignore[type-arg]
        """Prepare the new instance; called once by the engine."""
        pending: Any = self.instance_init()  # type: ignore[func-returns-value]
        if inspect.isawaitable(pending):
            return _true_after(pending)  # type: ignore[return-value]
        return InvocableResponse(data=True)

    def add_api_route(self, method_spec: MethodSpec, permit_overwrite_of_existing: bool = False) -> None:
        """Serve one more route from this object. Raises RouteConflictError when it is taken."""
        self._package_spec.add_method(method_spec, permit_overwrite_of_existing)

    def instance_init(self) -> None:  # noqa: B027 - overriding it is the author's choice
        """Override it with what a new instance needs done once. May be `async`."""

    @classmethod
    def config_cls(cls) -> type[Config]:
        """The class of `self.config`. Override it to take parameters.

        Without it, the class in a `config: MyConfig` annotation is taken, and else there are none.
        """
        return annotated_config_class(cls) or Config

    @classmethod
    def get_config_parameters(cls) -> dict[str, ConfigParameter]:
        """The parameters that an instance can be created with, by name."""
        return config_class(cls).get_config_parameters()

    def __call__(self, request: InvocableRequest, context: Any = None) -> Any:
        """Call the method that `request.invocation` names, with its arguments as they are."""
        invocation = request.invocation
        if invocation is None or invocation.http_verb is None:
            return InvocableResponse.error(404, "The request names no method.")
        verb, path = invocation.http_verb, invocation.invocation_path or "/"
        method = self._package_spec.get_method(verb, path)
        bound = method and method.get_bound_function(self)
        if not bound:
            return InvocableResponse.error(404, f"No handler for {verb} {path} available.")
        return bound(**(invocation.arguments or {}))


async def _true_after(pending: Awaitable[Any]) -> InvocableResponse[bool]:
    await pending
    return InvocableResponse(data=True)
