"""What a zygote and a worker are, read from outside; as whoever runs the tests, root or an ordinary user."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from steamship_engine.runtime.layers import Layers
from tests.integration.engine.sandbox.modes import MODES
from tests.services.confinement import KINDS, PORTS, Seen, amiss

pytestmark = pytest.mark.parametrize(
    "layers", [Layers(mode, PORTS) for mode in MODES], ids=lambda each: each.mode
)
_ZYGOTES = sum(1 << each for each in (6, 7, 8, 10, 12, 21))
"""SETGID, SETUID, SETPCAP, NET_BIND_SERVICE, NET_ADMIN, SYS_ADMIN: in its own namespaces alone."""


def test_a_worker_is_confined(nurse, layers):
    """Rights, users, namespaces, mounts, limits, control groups and descriptors of three workers are what they must be."""

    async def work(n):
        version = n.version("tampers")
        workers = [await n.born(version) for _ in range(3)]
        assert [amiss(n, worker) for worker in workers] == [[], [], []]

    nurse(work, layers=layers)


def test_no_two_workers_share_anything(nurse, layers):
    """Neither a namespace, their zygote's users aside, nor a user of the machine's, nor a scratch folder."""

    async def work(n):
        version = n.version("tampers")
        workers = [Seen((await n.born(version)).pid) for _ in range(3)]
        for kind in set(KINDS) - {"user"}:
            assert len({worker.namespaces[kind] for worker in workers}) == 3
        assert len({worker.namespaces["user"] for worker in workers}) == 1
        assert len({Path(f"/proc/{worker.pid}/root/scratch").stat().st_dev for worker in workers}) == 3
        if os.getuid() == 0:
            assert len(set.union(*(worker.users for worker in workers))) == 3

    nurse(work, layers=layers)


def test_no_two_versions_share_anything(nurse, layers):
    """Zygotes of two versions have no namespace and no user of the machine's in common."""

    async def work(n):
        pids = []
        for name in ("tampers", "hoards"):
            await n.born(n.version(name))
        pids = [zygote.process.pid for zygote in n.zygotes._zygotes.values()]
        first, second = map(Seen, pids)
        assert not set(first.namespaces.values()) & set(second.namespaces.values())
        assert first.root != second.root
        if os.getuid() == 0:
            assert not first.users & second.users

    nurse(work, layers=layers)


def test_a_zygote_has_rights_over_its_own_alone(nurse, layers):
    """It cannot gain privileges, has one filter of calls, and of capabilities those that births need, in its own users."""

    async def work(n):
        await n.born(n.version("tampers"))
        zygote = Seen(n.zygote_pid())
        status = zygote.status
        assert (status["NoNewPrivs"], status["Seccomp"], status["Seccomp_filters"]) == ("1", "2", "1")
        assert {int(status[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")} == {_ZYGOTES}
        assert not set(zygote.namespaces.values()) & set(Seen(os.getpid()).namespaces.values())
        writable = {point for point, _, options, _ in zygote.mounts if "rw" in options.split(",")}
        assert {point for point in writable if not point.startswith("/dev/")} == {"/scratch"}
        assert set(zygote.descriptors) == {0, 1, 2, 4}

    nurse(work, layers=layers)


def test_a_worker_sees_its_own_processes_alone(nurse, layers):
    """Its `/proc` has one process, which is itself, and its machine has no name of this one's."""

    async def work(n):
        version = n.version("tampers")
        worker, _ = [await n.grown(version) for _ in range(2)]
        shown = "sorted(name for name in os.listdir('/proc') if name.isdigit())"
        assert await worker.call("/run", code=shown) == "['1']"
        assert await worker.call("/run", code="os.getpid(), os.getppid()") == "(1, 0)"
        assert await worker.call("/run", code="os.uname().nodename") == "'steamship'"

    nurse(work, layers=layers)


def test_landlock_is_in_force(nurse, layers):
    """Of the sixteen layers that the kernel lets Landlock have, a worker has one, which it made itself."""

    async def work(n):
        worker = await n.grown(n.version("tampers"))
        assert await worker.call("/landlock") == 15

    nurse(work, layers=layers)


def test_scratch_is_full_when_it_is(nurse, layers):
    """A worker gets neither more bytes nor more files into its scratch folder than its version may have."""

    async def work(n):
        size = 8 << 20
        worker = await n.grown(n.version("tampers", scratch=size))
        fill = "[os.write(os.open('/scratch/%d' % i, os.O_WRONLY | os.O_CREAT), b'x' * (1 << 20)) for i in range({})]"
        assert await worker.call("/run", code=fill.format(7)) == str([1 << 20] * 7)
        assert await worker.call("/run", code=fill.format(9)) == "OSError"
        files = "[os.mkdir('/scratch/folder-%d' % i) for i in range(5000)]"
        assert await worker.call("/run", code=files) == "OSError"
        space = os.statvfs(f"/proc/{worker.process.pid}/root/scratch")
        assert space.f_blocks * space.f_frsize == size
        assert space.f_files == 4096

    nurse(work, layers=layers)


def test_it_reaches_no_network(nurse, layers):
    """Its network has a loopback interface, and nothing else; the engine's ports are open in it."""

    async def work(n):
        worker = await n.grown(n.version("tampers"))
        lines = Path(f"/proc/{worker.process.pid}/net/dev").read_text().splitlines()[2:]
        assert [line.split(":")[0].strip() for line in lines] == ["lo"]
        for port in PORTS:
            connect = f"socket.create_connection(('127.0.0.1', {port}), 5).getpeername()"
            assert await worker.call("/run", code=connect) == f"('127.0.0.1', {port})"
        assert await worker.call("/run", code="socket.create_connection(('192.0.2.1', 80), 5)") == "OSError"

    nurse(work, layers=layers)
