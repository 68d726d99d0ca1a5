"""The engine's three bases, and the URLs made from them. Made from settings, never from a request."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote, urlsplit


@dataclass(frozen=True)
class Addresses:
    """The three bases as clients reach them; each ends in a slash, `api` with `/api/v1/`."""

    api: str
    app: str
    web: str

    @cached_property
    def app_host(self) -> str:
        """The app base's host name, lower-case, without its port."""
        return _host(self.app)

    @cached_property
    def web_host(self) -> str:
        """The web base's host name, likewise."""
        return _host(self.web)

    @cached_property
    def hosts(self) -> frozenset[str]:
        """The engine's own host names. None of them is a user's, whatever it looks like."""
        return frozenset((_host(self.api), self.app_host, self.web_host))

    @cached_property
    def app_is_domain(self) -> bool:
        """Whether owners get host labels of their own: not on loopback names and IP addresses."""
        return not is_loopback(self.app_host) and not _is_ip(self.app_host)

    @cached_property
    def by_http(self) -> Addresses:
        """The same places by plain HTTP, as the engine itself serves them within a worker's network."""
        return Addresses(*map(_by_http, (self.api, self.app, self.web)))

    def invocation_url(self, user: str, workspace: str, instance: str) -> str:
        """Where an instance is called; ends in a slash (clients append the method's name)."""
        place = f"{quote(workspace, safe='')}/{quote(instance, safe='')}/"
        if not self.app_is_domain:
            return f"{self.app}@{user}/{place}"
        parts = urlsplit(self.app)
        return f"{parts.scheme}://{user}.{parts.netloc}{parts.path}{place}"


def is_sealed(base: str) -> bool:
    """Whether clients reach the base by TLS, which ends before the engine."""
    return urlsplit(base).scheme == "https"


def _by_http(base: str) -> str:
    return f"http{base[len('https') :]}" if is_sealed(base) else base


def _host(base: str) -> str:
    return (urlsplit(base).hostname or "").lower()


def is_loopback(host: str) -> bool:
    """Whether `host` names this machine itself."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    return _is_ip(host) and ipaddress.ip_address(host.strip("[]")).is_loopback


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
