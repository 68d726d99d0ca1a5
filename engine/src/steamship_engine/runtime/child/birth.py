"""What a fork of the zygote does before it is a worker: leave everything behind that is not its own.

The steps are taken in the order of `STEPS`; each layer of confinement that only the worker itself can put on
has its place among them. Then it tells the launcher, which looks at it from outside before anybody tells it
whose worker it is.

Every page that is written here is copied first, which is most of what a birth costs: what can be made ready
before the fork is.
"""

import ctypes
import os
import resource
import select
import signal
import sys
from typing import Any, NamedTuple

CHANNEL = 3
CONTROL = 4
_SET_PDEATHSIG = 1
_SET_CHILD_SUBREAPER = 36

_prctl = ctypes.CDLL(None, use_errno=True).prctl
_spoken = select.poll()
_spoken.register(CHANNEL, select.POLLIN)


class Birth(NamedTuple):
    """What the steps need to know.

    `channel` is where the fork has the worker's end of its channel, `descriptors` above all that may be open.
    """

    zygote: int
    scratch: str
    channel: int
    descriptors: int
    child_handler: Any
    word: bytes


def expect(order: "dict[str, Any]", channel: int, child_handler: Any) -> Birth:
    """The birth that the launcher orders; for the zygote, before it forks."""
    return Birth(
        os.getpid(),
        order["scratch"],
        channel,
        max(channel + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0]),
        child_handler,
        b'{"born":%d}' % order["worker"],
    )


def be_born(birth: Birth) -> None:
    """Take all steps. Raises OSError; the process must not go on then."""
    for step in STEPS:
        step(birth)


def tell(birth: Birth) -> None:
    """Say that this process is the worker, give up the launcher's socket, and keep still.

    The engine's first word comes when the launcher has looked: until then there is nothing here to be mistaken
    for what should not be.
    """
    os.write(CONTROL, birth.word)
    os.close(CONTROL)
    _spoken.poll()


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
    os.closerange(CONTROL + 1, birth.descriptors)


def _signals(birth: Birth) -> None:
    """What the author's code wants of a child's end, which the zygote could not let it have."""
    if birth.child_handler is not signal.SIG_DFL:
        signal.signal(signal.SIGCHLD, birth.child_handler)


def _adopt_orphans(_birth: Birth) -> None:
    """Whatever it starts stays below it while it lives, whoever forks twice too."""
    _call(_SET_CHILD_SUBREAPER, 1)


def _folders(birth: Birth) -> None:
    os.environ["HOME"] = os.environ["TMPDIR"] = birth.scratch


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


def _call(option: int, value: int) -> None:
    if _prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(%d) failed" % option)
