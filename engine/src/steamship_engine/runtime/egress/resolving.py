"""From a host to the addresses that may be connected to: asked once, and every answer looked at."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from steamship_engine.model.network_addresses import Address, RefusedAddress, carried, refused
from steamship_engine.runtime.egress.lookups import Asker, Lookups
from steamship_engine.runtime.egress.refusal import RefusalError
from steamship_engine.runtime.egress.targets import Target

Look = Callable[[str, int], Sequence[Any]]
"""As `socket.getaddrinfo` of a host and a port, for TCP. Blocking; OSError where nothing is found."""
Place = tuple[int, tuple[Any, ...]]
"""An address family, and an address to connect to."""

_ANY_PORT = 443
_ADDRESSES = 32
"""A host with more is somebody's who wants to be looked at for long."""


def _look(host: str, port: int) -> Sequence[Any]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)


class Resolver:
    """Asks the machine's resolver in threads of its own: a name that nobody answers for holds up nothing else."""

    def __init__(self, look: Look = _look, *, within_s: float) -> None:
        self._look, self._within_s = look, within_s
        self._lookups = Lookups()

    async def places(self, target: Target, asker: Asker, *, own: bool = False) -> list[Place]:
        """Where the target is; none of it is remembered. RefusalError unless all of it may be connected to.

        An `own` target is the engine's, wherever that is.
        """
        if target.literal is not None:
            family = socket.AF_INET if target.literal.version == 4 else socket.AF_INET6
            return _looked_at([(family, socket.SOCK_STREAM, 0, "", (target.host, target.port))], target, own)
        try:
            async with asyncio.timeout(self._within_s):
                return await self._lookups.run(asker, partial(self._asked, target, own))
        except TimeoutError:
            raise RefusalError(504, "unresolved", f'"{target.host}" was not resolved in time.') from None

    def close(self) -> None:
        """Ask nothing more; what was asked is not waited for."""
        self._lookups.close()

    def _asked(self, target: Target, own: bool) -> list[Place]:
        # With its final dot a name is whole: what the machine's own network would put behind it is nobody's business.
        whole = target.host if own or "." not in target.host else f"{target.host}."
        try:
            found = self._look(whole, target.port)
        except (OSError, UnicodeError):
            raise RefusalError(502, "unresolved", f'"{target.host}" is not known to the resolver.') from None
        if not found:
            raise RefusalError(502, "unresolved", f'"{target.host}" has no address.')
        if len(found) > _ADDRESSES:
            raise RefusalError(502, "unresolved", f'"{target.host}" has more than "{_ADDRESSES}" addresses.')
        return _looked_at(found, target, own)


def _looked_at(entries: Sequence[Any], target: Target, own: bool) -> list[Place]:
    """Places to connect to, if all of them may be."""
    found = [_place(entry, target) for entry in entries]
    if not own:
        for _, address, _ in found:
            why = refused(address) or (RefusedAddress.OWN if _is_own(address) else None)
            if why is not None:
                raise _denied(target, why)
    return [(family, place) for family, _, place in found]


def _place(entry: Any, target: Target) -> tuple[int, Address, tuple[Any, ...]]:
    """Family, address and place of an answer; its flow and zone, if it has such, are not for strangers to choose."""
    family, _, _, _, place = entry
    try:
        address = ipaddress.ip_address(place[0])
    except ValueError:
        # With a zone, which is one of this machine's interfaces.
        raise _denied(target, RefusedAddress.LINK_LOCAL) from None
    return family, address, (str(address), target.port)


def _is_own(address: Address) -> bool:
    """Whether an address, or one that it carries, which a router may take out of it, is this machine's."""
    return any(map(_is_of_this_machine, (address, *carried(address))))


def _is_of_this_machine(address: Address) -> bool:
    """Whether the kernel would send it to itself: it chooses such an address as its own end, too. Nothing is sent."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as probe:
            probe.connect((str(address), _ANY_PORT))
            return bool(probe.getsockname()[0] == str(address))
    except OSError:
        return False  # no way there: connecting will say so


def _denied(target: Target, why: RefusedAddress) -> RefusalError:
    # What a name of the machine's own network stands for is not told.
    is_it = "it is" if target.literal is not None else "it has"
    return RefusalError(403, why.value, f'"{target.host}" is refused: {is_it} {why.in_words}.')
