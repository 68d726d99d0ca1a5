"""Prepares itself once, when an instance is new."""

from steamship.invocable import PackageService, post
from steamship.utils.kv_store import KeyValueStore


class Starts(PackageService):
    """Counts how often it was prepared, in its workspace."""

    def instance_init(self) -> None:
        store = KeyValueStore(self.client, "starts")
        times = (store.get("times") or {"n": 0})["n"]
        store.set("times", {"n": times + 1})

    @post("times")
    def times(self) -> int:
        return KeyValueStore(self.client, "starts").get("times")["n"]

    @post("put")
    def put(self, key: str, value: dict) -> dict:
        store = KeyValueStore(self.client, "data")
        store.set(key, value)
        return store.get(key)

    @post("take")
    def take(self, key: str) -> dict | None:
        return KeyValueStore(self.client, "data").get(key)
