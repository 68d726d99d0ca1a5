"""Tries to reach things over the network, in the way that it is told to."""

import os
import socket
import urllib.error
import urllib.request
from typing import Any

from steamship.invocable import PackageService, get, post


class Reaches(PackageService):
    """Each method answers what came of it."""

    @post("fetch")
    def fetch(self, url: str, key: str = "", own: bool = False, direct: bool = False) -> dict[str, Any]:
        """A GET: with that key, with the instance's own, or with none; `direct` past all proxies."""
        asked = urllib.request.Request(url)
        if key or own:
            asked.add_header("Authorization", f"Bearer {key or self.key()}")
        opener = urllib.request.build_opener(*([urllib.request.ProxyHandler({})] if direct else []))
        try:
            with opener.open(asked, timeout=20) as answer:
                return {"status": answer.status, "body": answer.read(2_000).decode(), "why": None}
        except urllib.error.HTTPError as error:
            why = error.headers.get("x-steamship-refused")
            return {"status": error.code, "body": error.read(2_000).decode(), "why": why}
        except OSError as error:
            return {"status": 0, "body": str(error), "why": type(error).__name__}

    @post("connect")
    def connect(self, host: str, port: int) -> str:
        """A TCP connection past all proxies: what is said first, or the error."""
        try:
            with socket.create_connection((host, port), 5) as connection:
                connection.settimeout(5)
                return connection.recv(100).decode()
        except OSError as error:
            return type(error).__name__

    @post("environment")
    def environment(self) -> dict[str, str]:
        """Its variables about proxies."""
        return {name: value for name, value in os.environ.items() if "proxy" in name.lower()}

    @post("key")
    def key(self) -> str:
        """The key that its client has."""
        key = self.client.config.api_key
        return str(getattr(key, "get_secret_value", lambda: key)())

    @post("who")
    def who(self) -> Any:
        """The workspace that it is good for, by the API."""
        return self.client.post("workspace/get")["workspace"]["handle"]

    @get("open", public=True)
    def open(self) -> str:
        """For everybody."""
        return "open"
