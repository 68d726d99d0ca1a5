"""Routes that several packages share."""

from typing import List

from steamship import Steamship
from steamship.invocable import post
from steamship.invocable.package_mixin import PackageMixin
from steamship.utils.kv_store import KeyValueStore


class ShelfMixin(PackageMixin):
    """Keeps what was baked."""

    def __init__(self, client: Steamship, name: str = "shelf"):
        self.client = client
        self.store = KeyValueStore(client, name)

    def instance_init(self):
        """An instance begins with a loaf."""
        self.store.set("loaf", {"count": 1})

    @post("put")
    def put(self, what: str, count: int = 1) -> dict:
        """Put something on the shelf."""
        self.store.set(what, {"count": count})
        return self.store.get(what)

    @post("shelf", public=True)
    def shelf(self) -> List[str]:
        """What lies there."""
        return sorted(name for name, _ in self.store.items())


class BellMixin(PackageMixin):
    """Only added in the constructor, so no deploy knows it."""

    @post("ring")
    def ring(self, times: int = 1) -> str:
        return "ding " * times

    @post("closing")
    def closing(self) -> str:
        return "by the bell"
