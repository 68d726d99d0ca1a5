"""Whole lists from an engine that answers in pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from steamship.base.client import Client

PAGE_SIZE = 200


def whole_list(client: Client, operation: str, key: str, **wanted: Any) -> list[dict[str, Any]]:
    """All wire objects that `operation` lists under `key`, in its order."""
    found: list[dict[str, Any]] = []
    token = None
    while True:
        asked = {**wanted, "pageSize": PAGE_SIZE, "pageToken": token}
        answer = client.post(operation, {name: value for name, value in asked.items() if value is not None})
        found += answer.get(key) or []
        # A token that does not move on would ask for ever.
        if not answer.get("nextPageToken") or answer["nextPageToken"] == token:
            return found
        token = answer["nextPageToken"]
