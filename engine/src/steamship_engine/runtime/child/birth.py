"""What a fork of the zygote does before it is a worker: leave everything behind that is not its own.

The steps are taken in the order of `STEPS`; each layer of confinement that only the worker itself can put on
has its place among them. Then it tells the launcher, which looks at it from outside before anybody tells it
whose worker it is.
"""

import ctypes
import json
import os
import select
import signal
import socket
import sys
from typing import Any, NamedTuple

CHANNEL = 3
CONTROL = 4
_SET_PDEATHSIG = 1
_SET_CHILD_SUBREAPER = 36

_prctl = ctypes.CDLL(None, use_errno=True).prctl


class Birth(NamedTuple):
    """What the steps need to know. `channel` is where the fork has the worker's end of its channel."""

    zygote: int
    scratch: str
    channel: int
    child_handler: Any


def be_born(birth: Birth) -> None:
    """Take all steps. Raises OSError; the process must not go on then."""
    for step in STEPS:
        step(birth)


def tell(control: socket.socket, number: int) -> None:
    """Say that this process is the worker of that number, give up the launcher's socket, and keep still.

    The engine's first word comes when the launcher has looked: until then there is nothing here to be mistaken for
    what should not be.
    """
    control.send(json.dumps({"born": number}).encode())
    control.close()
    poll = select.poll()
    poll.register(CHANNEL, select.POLLIN)
    poll.poll()


def _die_with_zygote(birth: Birth) -> None:
    _call(_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != birth.zygote:
        raise ProcessLookupError("the zygote has ended")


def _own_session(_birth: Birth) -> None:
    os.setsid()


def _descriptors(birth: Birth) -> None:
    """Keep the standard ones, the channel, and for a moment the launcher's socket."""
    if birth.channel != CHANNEL:
        os.dup2(birth.channel, CHANNEL, inheritable=False)
    os.closerange(CONTROL + 1, max(birth.channel + 1, _open_files()))


def _signals(birth: Birth) -> None:
    """What the author's code wants of a child's end, which the zygote could not let it have."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, birth.child_handler)


def _adopt_orphans(_birth: Birth) -> None:
    """Whatever it starts stays below it while it lives, whoever forks twice too."""
    _call(_SET_CHILD_SUBREAPER, 1)


def _folders(birth: Birth) -> None:
    for variable, name in (("HOME", "home"), ("TMPDIR", "tmp")):
        folder = os.path.join(birth.scratch, name)
        os.mkdir(folder, 0o755)
        os.environ[variable] = folder


def _memory_of_the_zygote(_birth: Birth) -> None:
    """What must not be the same in two workers; Python's own `random` sees to itself."""
    tempfile: Any = sys.modules.get("tempfile")
    if tempfile is not None:
        tempfile.tempdir = None
    numpy_random: Any = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()


STEPS = (
    _die_with_zygote,
    _own_session,
    _descriptors,
    _signals,
    _adopt_orphans,
    _folders,
    _memory_of_the_zygote,
)


def _open_files() -> int:
    import resource

    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def _call(option: int, value: int) -> None:
    if _prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)) != 0:
        raise OSError(ctypes.get_errno(), "prctl(%d) failed" % option)
