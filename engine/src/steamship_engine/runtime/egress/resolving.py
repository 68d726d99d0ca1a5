"""From a host to the addresses that may be connected to: asked once, and every answer looked at."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from steamship_engine.model.network_addresses import Address, RefusedAddress, refused
from steamship_engine.runtime.egress.refusal import RefusalError
from steamship_engine.runtime.egress.targets import Target

Look = Callable[[str, int], Sequence[Any]]
"""As `socket.getaddrinfo` of a host and a port, for TCP. Blocking; OSError where nothing is found."""
Place = tuple[int, tuple[Any, ...]]
"""An address family, and an address to connect to."""

_THREADS = 16


def _look(host: str, port: int) -> Sequence[Any]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)


class Resolver:
    """Asks the machine's resolver in threads of its own: a name that nobody answers for holds up nothing else."""

    def __init__(self, look: Look = _look, *, within_s: float) -> None:
        self._look, self._within_s = look, within_s
        self._threads = ThreadPoolExecutor(_THREADS, "resolving")

    async def places(self, target: Target, *, own: bool = False) -> list[Place]:
        """Where the target is; none of it is remembered. RefusalError unless all of it may be connected to.

        An `own` target is the engine's, wherever that is.
        """
        found = [_place(entry, target) for entry in await self._asked(target)]
        if not own:
            for family, address, place in found:
                why = refused(address) or (RefusedAddress.OWN if _is_of_this_machine(family, place) else None)
                if why is not None:
                    raise _denied(target, why)
        return [(family, place) for family, _, place in found]

    def close(self) -> None:
        """Ask nothing more; what was asked is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _asked(self, target: Target) -> Sequence[Any]:
        if target.literal is not None:
            family = socket.AF_INET if target.literal.version == 4 else socket.AF_INET6
            return [(family, socket.SOCK_STREAM, 0, "", (target.host, target.port))]
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._within_s):
                found = await loop.run_in_executor(self._threads, self._look, target.host, target.port)
        except TimeoutError:
            raise RefusalError(504, "unresolved", f'"{target.host}" was not resolved in time.') from None
        except (OSError, UnicodeError):
            raise RefusalError(502, "unresolved", f'"{target.host}" is not known to the resolver.') from None
        if not found:
            raise RefusalError(502, "unresolved", f'"{target.host}" has no address.')
        return found


def _place(entry: Any, target: Target) -> tuple[int, Address, tuple[Any, ...]]:
    """Family, address and place of an answer; its flow and zone, if it has such, are not for strangers to choose."""
    family, _, _, _, place = entry
    try:
        address = ipaddress.ip_address(place[0])
    except ValueError:
        # With a zone, which is one of this machine's interfaces.
        raise _denied(target, RefusedAddress.LINK_LOCAL) from None
    return family, address, (str(address), target.port)


def _is_of_this_machine(family: int, place: tuple[Any, ...]) -> bool:
    """Whether the kernel would send it to itself: it chooses such an address as its own end, too. Nothing is sent."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as probe:
            probe.connect(place)
            return bool(probe.getsockname()[0] == place[0])
    except OSError:
        return False  # no way there: connecting will say so


def _denied(target: Target, why: RefusedAddress) -> RefusalError:
    # What a name of the machine's own network stands for is not told.
    is_it = "it is" if target.literal is not None else "it has"
    return RefusalError(403, why.value, f'"{target.host}" is refused: {is_it} {why.in_words}.')
