"""The client of an instance: at home in its workspace, under the key of the call that runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from steamship.base.call_scope import CallCredentials
from steamship.base.error import AuthenticationError

if TYPE_CHECKING:
    from steamship.client.steamship import Steamship


def instance_client(instance: Mapping[str, Any], credentials: CallCredentials) -> Steamship:
    """A client for `instance` (`workspaceId`, `workspaceHandle`, `bases`); key and request id follow the call.

    It makes no call itself, and reads neither the environment nor a file.
    """
    from steamship.client.steamship import Steamship

    def key() -> str:
        if credentials.key is None:
            raise AuthenticationError(
                "There is no key before the instance's first call.",
                suggestion="Use self.client in a method or the constructor.",
            )
        return credentials.key

    bases = instance["bases"]
    return Steamship.in_workspace(
        api_key=key,
        api_base=bases["api"],
        app_base=bases["app"],
        web_base=bases["web"],
        workspace_id=instance["workspaceId"],
        workspace_handle=instance["workspaceHandle"],
        request_id=lambda: credentials.request_id,
    )
