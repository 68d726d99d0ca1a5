"""An instance that prepares itself with another package, by client and by plain HTTP."""

import json
from typing import Optional
from urllib.request import Request, urlopen

from steamship import PackageInstance, Steamship
from steamship.invocable import Config, PackageService, post
from steamship.utils.kv_store import KeyValueStore


class TourConfig(Config):
    guide: str = "notebook"
    fails: bool = False


class Tour(PackageService):
    """Asks a guide before it starts."""

    config: TourConfig

    @classmethod
    def config_cls(cls):
        return TourConfig

    def instance_init(self):
        """Find a guide, and write down what the guide says."""
        if self.config.fails:
            raise ValueError(f"no guide is called {self.config.guide}")
        guide = self.client.use(self.config.guide, "guide")
        guide.invoke("set", name="client", note="asked by the client")
        self._post(guide.invocation_url, "set", {"name": "http", "note": "asked by address"})
        self._store().set("guide", {"notes": guide.invoke("all"), "handle": guide.handle})

    @post("told")
    def told(self) -> Optional[dict]:
        """What was written down, once."""
        return self._store().get("guide") or {}

    @post("ask")
    def ask(self, name: str) -> dict:
        """Ask the guide again."""
        guide: PackageInstance = Steamship.use(
            self.config.guide, "guide", workspace_handle=self.client.config.workspace_handle,
            config=None, api_key=self.client.config.api_key.get_secret_value(),
            api_base=self.client.config.api_base, app_base=self.client.config.app_base,
        )  # fmt: skip
        return guide.invoke("set", name="again", note=name) and {"notes": len(guide.invoke("all"))}

    def _store(self) -> KeyValueStore:
        return KeyValueStore(self.client, "tour")

    def _post(self, base: str, method: str, arguments: dict):
        key = self.client.config.api_key.get_secret_value()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
        request = Request(base + method, json.dumps(arguments).encode(), headers)
        with urlopen(request) as answer:
            return json.loads(answer.read())
