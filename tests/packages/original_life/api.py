"""A package on the original SDK with config, secrets, an init, a mixin and state."""

from typing import Any, Dict, Optional, Type

from steamship import Steamship
from steamship.invocable import Config, PackageService, post
from steamship.invocable.package_mixin import PackageMixin
from steamship.utils.kv_store import KeyValueStore


class Notes(PackageMixin):
    """Keeps notes in the workspace."""

    def __init__(self, client: Steamship) -> None:
        self.store = KeyValueStore(client, "notes")

    @post("keep")
    def keep(self, key: str, value: str) -> bool:
        self.store.set(key, {"text": value})
        return True

    @post("kept")
    def kept(self, key: str) -> Optional[Dict[str, Any]]:
        return self.store.get(key) or {}


class Late(PackageMixin):
    """Added by the constructor only, so that no description knows it."""

    @post("late", public=True)
    def late(self) -> str:
        return "late, but here"


class LifeConfig(Config):
    """How to greet."""

    greeting: str = "Hello"
    times: int
    password: str = ""


class Life(PackageService):
    """Greets."""

    config: LifeConfig
    USED_MIXIN_CLASSES = [Notes]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.notes = Notes(self.client)
        self.add_mixin(self.notes)
        self.add_mixin(Late())

    @classmethod
    def config_cls(cls) -> Type[Config]:
        return LifeConfig

    def instance_init(self) -> None:
        if self.config.greeting == "Never":
            raise ValueError("no greeting, no instance")
        self.notes.store.set("init", {"url": self.context.invocable_url})

    @post("greet")
    def greet(self, name: str) -> str:
        return " ".join([f"{self.config.greeting}, {name}."] * self.config.times)

    @post("password")
    def password(self) -> str:
        return self.config.password
