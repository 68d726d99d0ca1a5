"""The engine's own addresses, as workers know them: its bases, and what is below them."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from steamship_engine.runtime.port import Bases

_PORTS = {"http": 80, "https": 443}
_PROXY_PORT = 3128
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Ports:
    """What is listened on within a worker's network, on 127.0.0.1: the ports of bases on loopback names, and the proxy's."""

    bases: tuple[int, ...]
    proxy: int

    @property
    def all(self) -> tuple[int, ...]:
        """All of them."""
        return (*self.bases, self.proxy)

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which a worker's clients find the proxy. This machine's names never go there."""
        proxy, direct = f"http://{LOOPBACK}:{self.proxy}", "localhost,127.0.0.1,::1"
        named = {"http_proxy": proxy, "https_proxy": proxy, "no_proxy": direct}
        return named | {name.upper(): value for name, value in named.items()}


@dataclass(frozen=True)
class Own:
    """Where the engine itself is: `plain` places it serves by HTTP; others are reached `elsewhere`, such as where TLS ends for it.

    A place is a host and a port. `domains` are app domains, below which each user has a name.
    """

    plain: frozenset[tuple[str, int]]
    elsewhere: frozenset[tuple[str, int]]
    domains: frozenset[tuple[str, int]]
    loopback: frozenset[int]

    def is_plain(self, host: str, port: int) -> bool:
        """Whether the engine serves HTTP under that name."""
        if port in self.loopback and is_loopback(host):
            return True
        return self._has(self.plain, host, port)

    def is_elsewhere(self, host: str, port: int) -> bool:
        """Whether the engine is reached under that name by TLS, which ends elsewhere."""
        return self._has(self.elsewhere, host, port)

    def _has(self, places: frozenset[tuple[str, int]], host: str, port: int) -> bool:
        if (host, port) in places:
            return True
        label, _, domain = host.partition(".")
        return bool(label) and (domain, port) in self.domains and (domain, port) in places


@lru_cache(maxsize=8)
def own_of(bases: Bases) -> Own:
    """The engine's own places by its bases."""
    places: dict[str, set[tuple[str, int]]] = {"http": set(), "https": set()}
    for base in (bases.api, bases.app, bases.web):
        scheme, host, port = _parts(base)
        places[scheme].add((host, port))
    _, host, port = _parts(bases.app)
    domains = frozenset([(host, port)] if not is_loopback(host) and not _is_address(host) else [])
    loopback = frozenset(port for host, port in places["http"] if is_loopback(host))
    return Own(frozenset(places["http"]), frozenset(places["https"]), domains, loopback)


@lru_cache(maxsize=8)
def ports_of(bases: Bases) -> Ports:
    """The ports to listen on in the network of each worker that has one of its own."""
    listened = sorted(own_of(bases).loopback)
    proxy = _PROXY_PORT
    while proxy in listened:
        proxy += 1
    return Ports(tuple(listened), proxy)


def is_loopback(host: str) -> bool:
    """Whether a host without brackets names the machine itself."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    return _is_address(host) and ipaddress.ip_address(host).is_loopback


def _parts(base: str) -> tuple[str, str, int]:
    parts = urlsplit(base)
    return parts.scheme, (parts.hostname or "").lower().removesuffix("."), parts.port or _PORTS[parts.scheme]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
