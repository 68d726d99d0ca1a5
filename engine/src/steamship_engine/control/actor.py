"""Who is asking. Every control function takes one and shows it nothing that is not its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from steamship_engine.model.audit import NOWHERE, Source
from steamship_engine.model.errors import ForbiddenError
from steamship_engine.model.network import Network


class Reach(StrEnum):
    """How far an actor's key reaches: a user key's scope, or a worker's own workspace."""

    USER = "user"
    WORKSPACE = "workspace"
    INSTANCE = "instance"
    WORKER = "worker"


@dataclass(frozen=True)
class Actor:
    """A user, as far as the key at hand lets it act.

    `workspace_id` is set for every reach but `user`; `instance_id` for `instance` and `worker`.
    `key_id` is the user key's row, None for worker keys. `calls` are the ids of the calls that a worker
    acts in, outermost first: any of them may wait for what the actor asks; `network` is how far a worker reaches,
    and None for users. `source` is the request in which it
    asks, for the audit trail; who it is does not depend on it.
    """

    user_id: str
    user_handle: str
    reach: Reach
    workspace_id: str | None = None
    instance_id: str | None = None
    key_id: str | None = None
    is_admin: bool = False
    calls: tuple[str, ...] = ()
    network: Network | None = None
    source: Source = field(default=NOWHERE, compare=False)

    def require_user(self, what: str) -> None:
        """Refuse every key but a user-wide one, in the words the original client looks for."""
        if self.reach is not Reach.USER:
            raise ForbiddenError(
                f"Cannot use a workspace-scoped key to {what}.",
                suggestion="Use a key of the user's own; `ship login` stores one.",
            )

    def reaches_workspace(self, workspace_id: str) -> bool:
        """Whether the key's scope admits that workspace; ownership is checked elsewhere."""
        return self.reach is Reach.USER or self.workspace_id == workspace_id

    def to_json(self) -> dict[str, Any]:
        """For a task's row: whom it acts for when it runs."""
        return {
            "userId": self.user_id,
            "userHandle": self.user_handle,
            "reach": self.reach.value,
            "workspaceId": self.workspace_id,
            "instanceId": self.instance_id,
            "calls": list(self.calls),
            "network": self.network,
            "keyId": self.key_id,
            "address": self.source.address,
            "requestId": self.source.request_id,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The actor that `to_json` wrote."""
        return cls(
            user_id=value["userId"],
            user_handle=value["userHandle"],
            reach=Reach(value["reach"]),
            workspace_id=value["workspaceId"],
            instance_id=value["instanceId"],
            key_id=value.get("keyId"),
            calls=tuple(value.get("calls", ())),
            network=None if value.get("network") is None else Network(value["network"]),
            source=Source(value.get("address"), value.get("requestId")),
        )
