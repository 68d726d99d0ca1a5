"""The operator's package index, as a build that runs strangers' code gets to know it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from steamship_engine.model.network import Network
from steamship_engine.runtime.installer import ADDRESSES, CERTIFICATES, words_of

_SETTINGS = (
    "UV_EXCLUDE_NEWER", "UV_HTTP_RETRIES", "UV_HTTP_TIMEOUT", "UV_INDEX_STRATEGY", "UV_INSECURE_HOST", "UV_NATIVE_TLS",
    "UV_PRERELEASE", "UV_RESOLUTION", "UV_SYSTEM_CERTS",
)  # fmt: skip
_PORTS = {"http": 80, "https": 443}
_SCHEME = r"^((?:[\w.-]+=)?[a-z][a-z0-9+.-]*:"
_USER = re.compile(_SCHEME + r"[/\\]*)[^/\\?#]*@", re.IGNORECASE)
"""A password may have an "@" in it, so the last one counts. Clients also read what lacks slashes, or has too many."""

_QUERY = re.compile(_SCHEME + r"[^?#]*)[?#].*", re.IGNORECASE)


class WrongIndexError(ValueError):
    """A variable that says where distributions are says what is no address."""


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
    """The index by the environment that `uv` has outside; one that nobody names is public.

    Without user names, passwords and queries: a build could read them. What stands in an address's path it does read.
    Raises WrongIndexError.
    """
    variables = {name: uv_environment[name] for name in (*_SETTINGS, *CERTIFICATES) if name in uv_environment}
    places, reads = set(), []
    for name in ADDRESSES:
        if name not in uv_environment:
            continue
        variables[name] = words_of(name).sub(lambda word: _bare(word[0]), uv_environment[name])
        for word in words_of(name).findall(uv_environment[name]):
            # An index may have a name: `internal=https://...`.
            address = re.sub(r"^[\w.-]+=(?=[a-z]+:|/)", "", _bare(word))
            parts, port = _parts(name, word, address)
            if parts.scheme in _PORTS and parts.hostname:
                places.add((_host(parts.hostname), port or _PORTS[parts.scheme]))
            elif parts.scheme == "file":
                reads.append(Path(unquote(parts.path)))
            elif not parts.scheme and address.startswith("/"):
                reads.append(Path(address))
    for name in CERTIFICATES:
        reads += map(Path, words_of(name).findall(variables.get(name, "")))
    return Index(variables, frozenset(places), tuple(reads))


def _bare(address: str) -> str:
    """Without user, password and query."""
    return _QUERY.sub(r"\1", _USER.sub(r"\1", address))


def _parts(name: str, word: str, address: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(address)
        return parts, parts.port
    except ValueError:
        # Where the address is wrong, nobody knows where the password in it ends.
        shown = _QUERY.sub(r"\1?***", re.sub(r"(:[/\\]*).*@", r"\1***@", word))
        raise WrongIndexError(
            f'{name} has "{shown}", which is no address: its host or its port is none. Correct it, or leave it out.'
        ) from None


def _host(name: str) -> str:
    """As the proxy reads hosts: in lower case, without a final dot, an address in its one short form."""
    host = name.lower().removesuffix(".")
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return host
