"""What a package is told about a call."""

from __future__ import annotations

from typing import Any

from steamship.base.configuration import Configuration
from steamship.base.model import CamelModel


class Invocation(CamelModel):
    """A call: verb, path (with a leading slash), arguments by name, and the instance's config."""

    http_verb: str | None = None
    invocation_path: str | None = None
    arguments: dict[str, Any] | None = None
    config: dict[str, Any] | None = None


class LoggingConfig(CamelModel):
    """Where the original sent its log records; unused here."""

    logging_host: str | None = None
    logging_port: str | None = None


class InvocationContext(CamelModel):
    """Who calls what, and where it runs.

    Ids are upper-case UUIDs. `user_id` and `tenant_id` are the instance's owner, `invocable_owner_id`
    and `_handle` the package's author. `invocable_url` is the instance's address, with a trailing
    slash. `headers` are those of the call, names in lower case.
    """

    tenant_id: str | None = None
    user_id: str | None = None
    workspace_id: str | None = None
    invocable_handle: str | None = None
    invocable_version_handle: str | None = None
    invocable_instance_handle: str | None = None
    invocable_type: str | None = None
    invocable_owner_id: str | None = None
    invocable_url: str | None = None
    invocable_owner_handle: str | None = None
    workspace_handle: str | None = None
    headers: dict[str, str] | None = None


class InvocableRequest(CamelModel):
    """A call together with the client configuration and the context it runs in."""

    client_config: Configuration | None = None
    invocation: Invocation | None = None
    logging_config: LoggingConfig | None = None
    invocation_context: InvocationContext | None = None
