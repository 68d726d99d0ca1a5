"""The operator's package index, as a build that runs strangers' code gets to know it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from steamship_engine.model.network import Network

_ADDRESSES = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS")
_SETTINGS = (
    "UV_EXCLUDE_NEWER", "UV_HTTP_RETRIES", "UV_HTTP_TIMEOUT", "UV_INDEX_STRATEGY", "UV_INSECURE_HOST", "UV_NATIVE_TLS",
    "UV_PRERELEASE", "UV_RESOLUTION", "UV_SYSTEM_CERTS",
)  # fmt: skip
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_PORTS = {"http": 80, "https": 443}
_CREDENTIALS = re.compile(r"(://)[^/@\s]*@")


@dataclass(frozen=True)
class Index:
    """`variables` for `uv`, `places` (host and port) that it reaches wherever they are, folders and files that it `reads`."""

    variables: dict[str, str]
    places: frozenset[tuple[str, int]]
    reads: tuple[Path, ...]

    def allows(self, cap: Network) -> Network:
        """What else a build reaches, where packages reach `cap` at most: never the machine's own network."""
        return Network.NONE if cap is Network.NONE else Network.INTERNET


def index_of(uv_environment: Mapping[str, str]) -> Index:
    """The index by the environment that `uv` has outside; one that nobody names is public. Without user names, passwords and tokens: a build could read them."""
    variables = {
        name: _CREDENTIALS.sub(r"\1", value)
        for name, value in uv_environment.items()
        if name in _ADDRESSES or name in _SETTINGS or name in _CERTIFICATES
    }
    places, reads = set(), []
    for address in _addresses(variables):
        parts = urlsplit(address)
        if parts.scheme in _PORTS and parts.hostname:
            places.add((_host(parts.hostname), parts.port or _PORTS[parts.scheme]))
        elif parts.scheme == "file":
            reads.append(Path(unquote(parts.path)))
        elif not parts.scheme and address.startswith("/"):
            reads.append(Path(address))
    reads += [Path(variables[name]) for name in _CERTIFICATES if name in variables]
    return Index(variables, frozenset(places), tuple(reads))


def _addresses(variables: Mapping[str, str]) -> Iterator[str]:
    for name in _ADDRESSES:
        for word in re.split(r"[\s,]+" if name == "UV_FIND_LINKS" else r"\s+", variables.get(name, "")):
            # An index may have a name: `internal=https://...`.
            yield re.sub(r"^[\w.-]+=(?=[a-z]+:|/)", "", word)


def _host(name: str) -> str:
    """As the proxy reads hosts: in lower case, without a final dot, an address in its one short form."""
    host = name.lower().removesuffix(".")
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return host
