"""Processes that the benchmarks start, and their end."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from benchmarks.processes import available, descendants, end, memory, on_cores
from benchmarks.servers import NotRunError, PeerServer

_FAMILY = "sleep 100 & setsid sleep 100 & echo ready; wait"


@pytest.fixture
def family():
    """A shell with two children, one of them in a session of its own."""
    with subprocess.Popen(["sh", "-c", _FAMILY], stdout=subprocess.PIPE) as shell:
        assert shell.stdout is not None
        assert shell.stdout.readline() == b"ready\n"
        yield shell
        end(shell)


def test_all_that_a_server_started_is_ended_with_it(family):
    """Ending a server ends its children too, those in sessions of their own as well."""
    below = descendants(family.pid)
    assert len(below) == 2
    end(family)
    assert family.returncode is not None
    assert not any(_runs(process.pid) for process in below)


def _runs(pid: int) -> bool:
    """Whether the process does anything any more."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def test_a_living_process_has_memory():
    """This process maps some memory, has written to some of it, and the machine has some left."""
    here = memory(os.getpid())
    assert here.pss >= here.private_dirty > 0
    assert available() > 0


def test_what_is_started_meanwhile_stays_on_its_cores():
    """A process started within the block runs on the named core alone, and this one is free again after it."""
    before = os.sched_getaffinity(0)
    core = min(before)
    with on_cores([core]), subprocess.Popen(["sleep", "100"]) as child:
        assert os.sched_getaffinity(child.pid) == {core}
        child.kill()
    assert os.sched_getaffinity(0) == before


def test_a_server_that_ends_at_once_says_why(tmp_path):
    """A peer that does not come up is not run, for the reason that it printed last."""
    server = PeerServer("failing", ["sh", "-c", "echo no such option >&2; exit 3"])
    with pytest.raises(NotRunError, match="it ended with code 3: no such option"):
        server.start(sorted(os.sched_getaffinity(0)), tmp_path)
