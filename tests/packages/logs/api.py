# ruff: noqa: T201, LOG015
"""Says things in every way there is."""

import logging
import sys

from pydantic import SecretStr

from steamship.invocable import Config, PackageService, get, post

log = logging.getLogger("mine")


class LogsConfig(Config):
    """A secret that it cannot keep."""

    token: SecretStr = SecretStr("")


class Logs(PackageService):
    """Prints and logs."""

    config: LogsConfig

    @classmethod
    def config_cls(cls) -> type[Config]:
        """Its config."""
        return LogsConfig

    @post("say")
    def say(self, text: str) -> str:
        """On both streams and at every level."""
        print(f"printed {text}")
        print(f"to stderr {text}", file=sys.stderr)
        log.debug("debug %s", text)
        log.info("info %s", text)
        logging.warning("warning %s", text)
        log.error("error %s", text)
        return text

    @post("tell")
    def tell(self) -> str:
        """What nobody should read."""
        key = self.client.config.api_key
        print(f"token {self.config.token.get_secret_value()}")
        print(f"key {getattr(key, 'get_secret_value', lambda: key)()}")
        return "told"

    @get("shown", public=True)
    def shown(self, text: str = "") -> str:
        """Anybody may ask."""
        return text

    @post("fails")
    def fails(self) -> str:
        """Raise."""
        raise ValueError("on purpose")

    @post("flood")
    def flood(self, lines: int) -> int:
        """Print much."""
        for number in range(lines):
            print(f"line {number}")
        return lines
