"""Zygotes that are their author's: a worker that is confined less is not born, and whatever else they do has no effect."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from steamship_engine.model.errors import UnavailableError
from tests.integration.engine.sandbox.modes import STRONGEST
from tests.services.confinement import PORTS, Seen, amiss
from tests.services.runtimes import gone

ROOT = os.geteuid() == 0
IN_VAIN = (
    "without_die_with_zygote",
    "without_signals",
    "without_adopt_orphans",
    "without_memory_of_the_zygote",
)
"""What a worker does for its own good alone, or the kernel does as well."""

REFUSED = {
    "without_own_session": "no session of its own",
    "without_descriptors": "other descriptors than its own|has kept a descriptor",
    "without_namespaces": "not all namespaces",
    "without_rights": "it has capabilities",
    "no_filter": "a filter of calls is missing",
    "stands_in_scratch": "stands elsewhere",
    "stands_at_its_zygotes_root": "stands elsewhere",
    "a_child": "processes of its own|keep still",
    "a_thread": "it has 2 threads",
    "keeps_the_control_socket": "other descriptors than its own",
    "null_is_a_file": "other descriptors than its own",
    "large_scratch": "another size",
    "scratch_of_many_files": "another size",
    "ramfs_as_scratch": "something else is mounted",
    "one_scratch": "left its place",
    "the_zygotes_scratch": "something else is mounted",
    "scratch_elsewhere_too": "something else is mounted",
    "mirrored_in_the_worker": "something else is mounted",
    "mirrored_in_the_zygote": "left its place",
    "writable_proc": "not permitted",
    "the_zygotes_proc": "not permitted",
    "no_proc_of_its_own": "something else is mounted",
    "zygote_mounts_its_proc_again": "left its place",
    "namespaces_with_the_zygote": "left its place",
    "zygote_moves_on": "left its place",
    "ipc_of_the_zygote": "not all namespaces",
    "network_of_the_zygote": "not all namespaces|does not listen|No such|Cannot assign",
    "processes_of_the_zygote": "not the first of its processes",
    "grandchild": "no new child of its zygote",
    "a_second_process": "runs a process that is no worker|a descriptor",
    "a_thread_with_its_own_descriptors": "its zygote has 2 threads",
    "zygote_keeps_the_channel": "has kept a descriptor",
    "zygote_keeps_a_folder": "has kept a descriptor",
    "shared_memory": "shares writable memory",
    "shared_memory_of_a_collector": "shares writable memory",
    "memory_that_shows_a_file": 'shares writable memory: "/scratch/file"',
    "memory_that_shows_a_file_without_a_name": 'shares writable memory: "/memfd:kept',
    "shared_memory_to_read": 'shares writable memory: "/memfd:kept',
    "segment_of_system_v": 'shares writable memory: "/SYSV',
    "udp_listener": f"does not listen on port {PORTS[0]}",
    "another_port": f"does not listen on port {PORTS[0]}",
    "bound_listener": f"does not listen on port {PORTS[0]}",
    "file_as_listener": f"does not listen on port {PORTS[0]}",
    "listener_of_another_network": f"does not listen on port {PORTS[0]}",
    "too_few_listeners": "other sockets than the engine's listeners",
    "too_many_listeners": "other sockets than the engine's listeners",
    "keeps_a_listener": "other descriptors than its own",
    "no_text_as_a_reason": r"one\?\?\?\[31mtwo",
}
OF_ROOT = {
    "without_user": "it runs as another user",
    "another_user": "it runs as another user",
    "another_group": "it runs as another user",
    "root_group": "it runs as another user",
    "zygote_is_another_user": "its zygote runs as another user",
}
"""Where each worker has a user of its own."""

OF_OTHERS = {
    "undumpable": "other descriptors than its own",
    "memory_that_shows_a_file_without_a_name": "has ended",
    "shared_memory_to_read": "has ended",
}
"""Where the launcher is not root: what hides from it is not born, and without control groups there are no files without a name in memory."""

LESS = {**REFUSED, **(OF_ROOT if ROOT else OF_OTHERS)}

LIES = (
    "another_number",
    "garbage",
    "no_object",
    "deep_packet",
    "too_large_a_packet",
    "unknown_packet",
    "ready_unasked",
    "zygote_ready_unasked",
    "too_many_descriptors",
    "descriptors_with_a_failure",
    "dies_when_asked",
)
"""What ends the zygote."""


def _tampering(n, name):
    return n.version("tampers", {"chosen.py": f"NAME = {name!r}\n"})


async def _one(n, version):
    """One attempt to have a worker of a zygote that has imported the version for all."""
    zygote = await n.zygotes._warm(version)
    assert n.zygotes.shared(version) == ()
    return zygote, await n.zygotes._born(zygote)


@pytest.mark.parametrize("name", LESS)
def test_a_worker_that_is_confined_less_is_not_born(nurse, name):
    """The reason is told, its zygote has no child, and the launcher holds nothing that it did not hold before."""

    async def work(n):
        version = _tampering(n, name)
        zygote = await n.zygotes._warm(version)
        assert n.zygotes.shared(version) == ()
        zygote_pid = n.zygote_pid()
        held = Path(f"/proc/{n.launcher_pid()}/fd")
        before = len(list(held.iterdir()))
        with pytest.raises(UnavailableError, match=LESS[name]):
            await n.zygotes._born(zygote)
        async with asyncio.timeout(10):
            while _children(zygote_pid) or len(list(held.iterdir())) > before:
                await asyncio.sleep(0.01)

    nurse(work, layers=STRONGEST)


def _children(pid: int) -> str:
    """The children's ids; none of a process that has ended."""
    try:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


@pytest.mark.parametrize("name", LIES)
def test_a_zygote_that_lies_to_the_launcher_is_ended(nurse, name):
    """Nobody is born of it, it is killed, and another version's worker is born as before."""

    async def work(n):
        version = _tampering(n, name)
        zygote = await n.zygotes._warm(version)
        with pytest.raises(UnavailableError):
            await n.zygotes._born(zygote)
        assert await zygote.process.exit_code(10) is not None
        assert gone(zygote.process.pid)
        assert amiss_of_another(n, await n.born(n.version("hoards"))) == set()

    nurse(work, layers=STRONGEST)


def amiss_of_another(n, process):
    """What its descriptors and rights lack: the nursery has more than one zygote."""
    worker = Seen(process.pid)
    return {name for name in ("CapEff", "CapBnd") if int(worker.status[name], 16)}


@pytest.mark.parametrize(
    "name",
    [
        *IN_VAIN,
        *(["undumpable"] if ROOT else ()),
        "listener_that_waits",
        "listener_that_lingers",
        "another_filter",
        "no_landlock",
    ],
)
def test_some_tampering_is_in_vain(nurse, name):
    """The worker is born, and as confined as any."""

    async def work(n):
        version = _tampering(n, name)
        _, process = await _one(n, version)
        n.processes.append(process)
        assert amiss(n, process) == []

    nurse(work, layers=STRONGEST)


def test_a_worker_with_another_filter_has_no_rights_for_what_it_admits(nurse):
    """Without the filter of a worker's, its lack of capabilities and the zygote's filter forbid the same."""

    async def work(n):
        worker = await n.grown(_tampering(n, "another_filter"))
        for flags in (0x10000000, 0x20000000, 0x40000000, 0x00020000, 0x02000000, 0x04000000, 0x08000000):
            call = f"ctypes.CDLL(None).unshare({flags})"
            assert await worker.call("/run", code=call) == "-1"
        for call in (
            "ctypes.CDLL(None).mount(b'tmpfs', b'/scratch', b'tmpfs', 0, None)",
            "ctypes.CDLL(None).setns(os.open('/proc/self/ns/pid', 0), 0x20000000)",
            "ctypes.CDLL(None).umount2(b'/proc', 2)",
        ):
            assert await worker.call("/run", code=call) == "-1"

    nurse(work, layers=STRONGEST)


def test_no_worker_comes_among_the_processes_of_another(nurse):
    """A zygote that has a second worker's fork enter the first one's namespace of processes has no second worker."""

    async def work(n):
        version = _tampering(n, "processes_of_a_sibling")
        zygote, first = await _one(n, version)
        n.processes.append(first)
        with pytest.raises(UnavailableError, match="not the first of its processes|Operation not permitted"):
            await n.zygotes._born(zygote)
        assert first.alive

    nurse(work, layers=STRONGEST)


def test_a_zygote_cannot_have_its_worker_taken_for_another(nurse):
    """Where it names a worker that is born already, that one lives on, as whom it was born."""

    async def work(n):
        version = _tampering(n, "names_its_sibling")
        zygote, first = await _one(n, version)
        n.processes.append(first)
        with pytest.raises(UnavailableError, match="no new child of its zygote"):
            await n.zygotes._born(zygote)
        assert first.alive
        assert not gone(first.pid)

    nurse(work, layers=STRONGEST)


def test_a_zygote_that_does_not_reap_has_no_further_worker(nurse):
    """What is left of a worker that has ended is a process that the launcher does not know."""

    async def work(n):
        version = _tampering(n, "does_not_reap")
        zygote, first = await _one(n, version)
        await first.ended()
        with pytest.raises(UnavailableError, match="runs a process that is no worker"):
            await n.zygotes._born(zygote)

    nurse(work, layers=STRONGEST)


@pytest.mark.slow
def test_a_zygote_that_refuses_to_fork_is_waited_for_in_vain(nurse):
    """After ten seconds there is no worker; meanwhile another version's is born."""

    async def work(n):
        zygote = await n.zygotes._warm(_tampering(n, "refuses_to_fork"))
        asked = asyncio.create_task(n.zygotes._born(zygote))
        assert (await n.born(n.version("hoards"))).alive
        assert not asked.done()
        with pytest.raises(UnavailableError, match="not born within"):
            await asked

    nurse(work, layers=STRONGEST)


def test_what_a_zygote_tries_at_its_import_fails(nurse):
    """Mounts, roots, namespaces, users, devices, sysctls and sockets that are not its own are out of its reach."""

    async def work(n):
        worker = await n.grown(_tampering(n, "tries"))
        told = await worker.call("/told")
        assert {name for name, outcome in told.items() if outcome == "done"} == set()
        assert len(told) > 20

    nurse(work, layers=STRONGEST)
