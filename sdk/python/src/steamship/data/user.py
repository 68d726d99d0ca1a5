"""Users."""

from __future__ import annotations

from typing import ClassVar

from steamship.base.client import Client
from steamship.base.model import Resource


class User(Resource):
    """Someone with keys and workspaces."""

    _wrapper: ClassVar[str] = "user"

    id: str | None = None
    handle: str | None = None

    @staticmethod
    def current(client: Client) -> User:
        """Whose key the client has. Raises ForbiddenError for the key that a package is given."""
        user: User = client.get("account/current", expect=User)
        return user
