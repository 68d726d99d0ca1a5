"""Fails when an instance is new."""

from steamship import SteamshipError
from steamship.invocable import PackageService, post


class FailingStart(PackageService):
    """Its instances never get ready, and can still be looked at."""

    def instance_init(self) -> None:
        raise SteamshipError("The oven is cold.", suggestion="Heat it first.")

    @post("ping")
    def ping(self) -> str:
        return "pong"
