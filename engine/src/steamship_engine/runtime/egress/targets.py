"""What a request to the proxy is for: a host and a port, read strictly, so that nobody can read them otherwise.

Resolvers understand far more than this: numbers with base and length of one's choice for IPv4 addresses, zones after IPv6
ones, escapes, users before the host. None of it is needed, and each has led a filter and a resolver to different places.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from itertools import chain

from steamship_engine.model.network_addresses import Address
from steamship_engine.runtime.egress.refusal import RefusalError

HTTP, HTTPS = 80, 443
_FIRST_FREE = 1024

# Above 1023 the ports of services that are no web services.
_REFUSED_PORTS = frozenset(
    chain(
        (1080, 3128),  # proxies
        (1433, 1434, 1521, 3306, 5432, 5433, 6379, 9042, 11211, 27017, 27018, 27019),  # databases
        (2375, 2376, 2377, 10250),  # machines of containers
        (3389, 5900, 5901, 5902, 5903, 6000),  # screens
        (2049, 2525, 3659, 4045, 4190, 6566, 10080),  # files, mail and others that browsers keep away from
        (1883, 5672, 9092),  # queues
        (1719, 1720, 1723, 5060, 5061, 5222, 5269),  # telephones, tunnels, chats
        (*range(6660, 6670), 6679, 6697, 7000),  # and more chats
    )
)

_NAME = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_SHOWN = 100


@dataclass(frozen=True)
class Target:
    """A host, in lower case without brackets and final dot, and a port; `literal` where the host is an address."""

    host: str
    port: int
    literal: Address | None = None

    @property
    def authority(self) -> str:
        """As a Host header has it: without the port where that is HTTP's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == HTTP else f"{host}:{self.port}"

    def __str__(self) -> str:
        """Host and port, for people."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def of_connect(text: str) -> Target:
    """What `CONNECT host:port` is for. RefusalError."""
    return _target(text, None)


def of_url(text: str) -> tuple[Target, str]:
    """What an absolute `http://host/path` is for, and the path with its query. RefusalError."""
    scheme, separator, rest = text.partition("://")
    if not separator:
        raise RefusalError(
            400,
            "not-absolute",
            f'"{_shown(text)}" is no address for a proxy: send http://host/path, or CONNECT.',
        )
    if scheme.lower() != "http":
        raise RefusalError(
            403, "scheme", f'"{_shown(scheme)}" is refused: the proxy speaks http, and CONNECT for https.'
        )
    end = next((at for at, letter in enumerate(rest) if letter in "/?#\\"), len(rest))
    authority, path = rest[:end], rest[end:]
    if "#" in path or path.startswith("\\"):
        raise RefusalError(400, "malformed", f'"{_shown(text)}" is no address of a page.')
    return _target(authority, HTTP), path if path.startswith("/") else f"/{path}"


def check_port(target: Target) -> None:
    """RefusalError for a port at which no web service is."""
    port = target.port
    if port in (HTTP, HTTPS) or (port >= _FIRST_FREE and port not in _REFUSED_PORTS):
        return
    raise RefusalError(
        403, "port", f'Port "{port}" is refused: the proxy leads to 80, 443, and web services above 1023.'
    )


def _target(authority: str, default: int | None) -> Target:
    if "@" in authority:
        # Not quoted: what stands before it is a password.
        raise RefusalError(
            403, "user-in-address", 'An address with a user before "@" is refused: send a header.'
        )
    host, port = _split(authority.lower())
    if not port and default is not None:
        number = default
    elif _PORT.fullmatch(port) and int(port) < 65536:
        number = int(port)
    elif port:
        raise RefusalError(
            400,
            "malformed",
            f'Port "{_shown(port)}" is refused: it is a number from 1 to 65535, without zeros before it.',
        )
    else:
        raise RefusalError(400, "malformed", f'"{_shown(authority)}" has no port: send host:port.')
    if ":" in host:
        return _ipv6(host, number)
    host = host.removesuffix(".")
    last = host.rpartition(".")[2]
    if _NUMBER.fullmatch(last):
        return _ipv4(host, number)
    if _NAME.fullmatch(host) is None:
        raise RefusalError(403, "odd-host", f'"{_shown(host)}" is refused: it is no plain host name.')
    return Target(host, number)


def _split(authority: str) -> tuple[str, str]:
    """Host and port; an IPv6 address stands in brackets."""
    if authority.startswith("["):
        host, bracket, rest = authority[1:].partition("]")
        if bracket and (not rest or rest.startswith(":")) and ":" in host:
            return host, rest[1:]
    else:
        host, _, port = authority.partition(":")
        if ":" not in port:
            return host, port
    raise RefusalError(403, "odd-host", f'"{_shown(authority)}" is refused: it is no plain host and port.')


def _ipv4(host: str, port: int) -> Target:
    try:
        # Four decimal numbers without leading zeros; `127.1`, `0x7f.1` and `2130706433` are none.
        return Target(host, port, ipaddress.IPv4Address(host))
    except ValueError:
        raise RefusalError(
            403, "odd-address", f'"{_shown(host)}" is refused: write an address as four decimal numbers.'
        ) from None


def _ipv6(host: str, port: int) -> Target:
    try:
        if "%" in host:
            raise ValueError(host)
        address = ipaddress.IPv6Address(host)
    except ValueError:
        raise RefusalError(
            403, "odd-address", f'"{_shown(host)}" is refused: it is no plain IPv6 address.'
        ) from None
    return Target(str(address), port, address)


def _shown(text: str) -> str:
    """A stranger's text for a message that may stand in a status line."""
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text[:_SHOWN])
