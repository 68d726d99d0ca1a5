"""Every kind of config parameter."""

from enum import Enum
from typing import Optional

from pydantic import Field, SecretStr

from steamship.invocable import Config, PackageService, post


class Size(str, Enum):
    """A string of a few."""

    SMALL = "small"
    LARGE = "large"


class Settings(Config):
    """What an instance is configured with."""

    name: str = Field(description="Whom it belongs to")
    count: int = 3
    ratio: float = 0.5
    flag: bool = False
    size: Size = Size.SMALL
    note: Optional[str] = None
    token: SecretStr = SecretStr("")


class Configured(PackageService):
    """Tells how it is configured."""

    config: Settings

    @classmethod
    def config_cls(cls) -> type[Config]:
        return Settings

    @post("settings")
    def settings(self) -> dict:
        config = self.config
        return {
            "name": config.name,
            "count": config.count,
            "ratio": config.ratio,
            "flag": config.flag,
            "size": config.size,
            "note": config.note,
            "token_length": len(config.token.get_secret_value()),
        }
