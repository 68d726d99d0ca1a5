"""Names and the threads that look them up: who holds them, and for how long."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address
from typing import Any

import pytest

from steamship_engine.model.network_addresses import Address
from steamship_engine.runtime.egress import resolving
from steamship_engine.runtime.egress.lookups import Asker
from steamship_engine.runtime.egress.refusal import RefusalError
from steamship_engine.runtime.egress.resolving import Place, Resolver
from steamship_engine.runtime.egress.targets import of_connect

PUBLIC = "93.184.216.34"


class Names:
    """A machine's resolver: names with `slow` in them are answered when it is let go, or never asked."""

    def __init__(self, addresses: int = 1) -> None:
        self.go, self.asked = threading.Event(), list[str]()
        self._addresses = addresses

    def look(self, host: str, port: int) -> list[Any]:
        self.asked.append(host)
        if "slow" in host:
            assert self.go.wait(30)
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"93.184.{n}.34", port))
            for n in range(self._addresses)
        ]

    @property
    def slow(self) -> int:
        return sum("slow" in host for host in self.asked)


def _run(names: Names, test: Callable[[Resolver], Awaitable[None]], within_s: float = 0.1) -> None:
    async def run() -> None:
        resolver = Resolver(names.look, within_s=within_s)
        try:
            await test(resolver)
        finally:
            names.go.set()
            resolver.close()

    asyncio.run(run())


async def _refused(resolver: Resolver, asker: Asker, *hosts: str) -> list[str]:
    """Why nothing is known of any of the hosts, all asked for at once."""
    asked = [resolver.places(of_connect(f"{host}:443"), asker) for host in hosts]
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(each, RefusalError) for each in found), found
    return [str(each) for each in found]


def test_a_thread_is_its_askers_until_it_has_ended() -> None:
    """Nobody waits for a lookup beyond its time, but the thread goes on, and the asker gets no other one for it."""
    names = Names()

    async def test(resolver: Resolver) -> None:
        asker, other = Asker(4), Asker(4)
        for _ in range(3):
            said = await _refused(resolver, asker, *(f"slow{n}.test" for n in range(8)))
            assert all("not resolved in time" in each for each in said)
        assert names.slow == asker.held == 4
        assert len(await resolver.places(of_connect("quick.test:443"), other)) == 1
        names.go.set()
        async with asyncio.timeout(10):
            while asker.held:
                await asyncio.sleep(0.001)
        assert len(await resolver.places(of_connect("quick.test:443"), asker)) == 1

    _run(names, test)


def test_some_threads_are_for_those_that_have_none() -> None:
    """Three askers take twelve of sixteen; a fourth gets one, and leaves three for three others."""
    names = Names()

    async def test(resolver: Resolver) -> None:
        askers = [Asker(4) for _ in range(8)]
        for asker in askers[:4]:
            await _refused(resolver, asker, *(f"slow{n}.test" for n in range(6)))
        assert [asker.held for asker in askers] == [4, 4, 4, 1, 0, 0, 0, 0]
        for asker in askers[4:]:
            await _refused(resolver, asker, "slow.test")
        assert [asker.held for asker in askers[3:]] == [1, 1, 1, 1, 0]

    _run(names, test)


@pytest.mark.parametrize("number", [32, 33])
def test_a_host_has_so_many_addresses(number: int) -> None:
    """One with more is refused: each of them would have to be looked at."""

    async def test(resolver: Resolver) -> None:
        if number > 32:
            assert (
                '"many.test" has more than "32" addresses'
                in (await _refused(resolver, Asker(4), "many.test"))[0]
            )
        else:
            assert len(await resolver.places(of_connect("many.test:443"), Asker(4))) == number

    _run(Names(number), test, within_s=10)


def test_answers_are_looked_at_in_the_lookups_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking the kernel about an address takes its time, and the engine's loop has none."""
    threads: list[threading.Thread] = []

    def look(_: Address) -> bool:
        threads.append(threading.current_thread())
        return False

    monkeypatch.setattr(resolving, "_is_of_this_machine", look)

    async def test(resolver: Resolver) -> None:
        await resolver.places(of_connect("site.test:443"), Asker(4))

    _run(Names(3), test, within_s=10)
    assert len(threads) == 3
    assert threading.main_thread() not in threads


def test_strangers_names_are_whole() -> None:
    """With a final dot the machine's list of domains to search is not used; the operator's own names may be short ones."""
    names = Names()

    async def test(resolver: Resolver) -> None:
        for host, own in (("site.test", False), ("ship.test", True), ("single", False)):
            await resolver.places(of_connect(f"{host}:443"), Asker(4), own=own)

    _run(names, test, within_s=10)
    assert names.asked == ["site.test.", "ship.test", "single"]


def test_an_address_that_carries_the_machines_own_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind NAT64 a router would lead it back here."""
    monkeypatch.setattr(resolving, "_is_of_this_machine", lambda address: address == IPv4Address(PUBLIC))
    number = f"{int(IPv4Address(PUBLIC)):08x}"

    async def test(resolver: Resolver) -> None:
        with pytest.raises(RefusalError) as caught:
            await resolver.places(of_connect(f"[64:ff9b::{number[:4]}:{number[4:]}]:443"), Asker(4))
        assert caught.value.why == "own-address"
        other: list[Place] = await resolver.places(of_connect("[64:ff9b::808:808]:443"), Asker(4))
        assert len(other) == 1

    _run(Names(), test)
