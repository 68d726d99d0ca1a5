"""Which proxy a call goes through, by the usual environment variables."""

from __future__ import annotations

import base64
import os
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from steamship.base.error import InvalidRequestError


class Proxy(NamedTuple):
    """A proxy's address and the credentials it asks for."""

    address: tuple[str, int]
    credentials: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """What the proxy is to be told."""
        if self.credentials is None:
            return {}
        encoded = base64.b64encode(self.credentials.encode()).decode()
        return {"Proxy-Authorization": f"Basic {encoded}"}

    def __repr__(self) -> str:
        return f"Proxy({self.address[0]}:{self.address[1]})"


def proxy_for(scheme: str, host: str, port: int) -> Proxy | None:
    """The proxy for an origin, or None. This machine is always reached directly.

    `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, in either case; the lower one wins.
    Raises InvalidRequestError for a proxy that is no http address.
    """
    if host in ("localhost", "::1") or host.startswith("127.") or host.endswith(".localhost"):
        return None
    named = _variable(f"{scheme}_proxy") or _variable("all_proxy")
    if not named or _is_excepted(host, port):
        return None
    parts = urlsplit(named if "://" in named else f"http://{named}")
    if parts.scheme != "http" or not parts.hostname:
        shown = f"{parts.scheme}://{parts.hostname or ''}"
        raise InvalidRequestError(
            f'The proxy "{shown}" cannot be used.',
            suggestion=f"Set {scheme.upper()}_PROXY to an address like http://proxy:3128, or clear it.",
        )
    user = None if parts.username is None else f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return Proxy((parts.hostname, parts.port or 80), user)


def _variable(name: str) -> str | None:
    # HTTP_PROXY may be a request header's in a CGI program, hence not believed there.
    upper = None if name == "http_proxy" and "REQUEST_METHOD" in os.environ else os.environ.get(name.upper())
    return os.environ.get(name, upper)


def _is_excepted(host: str, port: int) -> bool:
    for item in (_variable("no_proxy") or "").split(","):
        name = item.strip().lower().lstrip(".")
        if name == "*" or (name and (f"{host}:{port}" == name or f".{host}".endswith(f".{name}"))):
            return True
    return False
