"""The calls of prctl(2) that the launcher and its children need."""

import ctypes
import signal

_SET_PDEATHSIG = 1
_SET_CHILD_SUBREAPER = 36
_SET_NO_NEW_PRIVS = 38

_prctl = ctypes.CDLL(None, use_errno=True).prctl
_prctl.argtypes = (ctypes.c_int, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong)


def die_with_parent() -> None:
    """Have this process killed when its parent ends."""
    _call(_SET_PDEATHSIG, signal.SIGKILL)


def adopt_orphans() -> None:
    """Be the parent of every process below this one whose own parent ends."""
    _call(_SET_CHILD_SUBREAPER, 1)


def gain_nothing() -> None:
    """No program that is executed from now on gives more rights than this process has."""
    _call(_SET_NO_NEW_PRIVS, 1)


def _call(option: int, value: int) -> None:
    if _prctl(option, value, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl({option}) failed")
