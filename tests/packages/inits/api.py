"""Prepares itself with the help of another instance."""

from steamship.invocable import Config, PackageService, post
from steamship.utils.kv_store import KeyValueStore


class InitsConfig(Config):
    """Whose help."""

    back: str


class Inits(PackageService):
    """Calls an instance of `nests` while it is made."""

    config: InitsConfig

    @classmethod
    def config_cls(cls) -> type[Config]:
        """Its config."""
        return InitsConfig

    def instance_init(self) -> None:
        """Call it, and keep what it said."""
        pids = self.client.use("nests", self.config.back).invoke("by_use", handles=[])
        KeyValueStore(self.client, "inits").set("pids", {"of": pids})

    @post("pids")
    def pids(self) -> list[int]:
        """What it said."""
        kept: list[int] = KeyValueStore(self.client, "inits").get("pids")["of"]
        return kept
