"""Reaching other processes: by signal, by trace, by their memory and by their descriptors."""

import ctypes
import errno
import os
import resource
import signal

from .outcome import Closed, attack
from .syscalls import call, reached

_SEIZE, _TRACEME = 0x4206, 0
_KCMP_FILE = 0


class _Part(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


def parent_of(pid):
    with open(f"/proc/{pid}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[1])


def _strangers():
    """Those that are not the worker, nor below it."""
    worker, strangers = os.getppid(), []
    for name in filter(str.isdecimal, os.listdir("/proc")):
        above = int(name)
        try:
            while above not in (0, worker):
                above = parent_of(above)
        except OSError:
            continue
        if above != worker:
            strangers.append(int(name))
    if not strangers:
        raise Closed("there are none")
    return strangers


@attack("see other processes")
def see(given):
    return f"{len(_strangers())} processes"


@attack("signal everyone it may")
def everyone(given):
    """Signal 0 is sent to nobody; it only says whether another one could be."""
    refused = None
    for pid in _strangers():
        try:
            os.kill(pid, 0)
        except OSError as error:
            refused = error
        else:
            return f"process {pid}"
    raise refused


def _target(given, process):
    pid = given["pids"][process]
    if pid in (0, os.getpid(), os.getppid()):
        raise OSError(errno.ESRCH, "it is nobody else")
    return pid


for _process in ("engine", "launcher", "zygote", "sibling"):

    @attack(f"signal the {_process}")
    def kill(given, process=_process):
        os.kill(_target(given, process), 0)
        return "it could be killed"

    @attack(f"signal the {_process} by a pidfd")
    def pidfd_signal(given, process=_process):
        signal.pidfd_send_signal(call("pidfd_open", _target(given, process), 0), 0)
        return "it could be killed"

    @attack(f"trace the {_process}")
    def trace(given, process=_process):
        """Seized, not stopped; it is let go when this child ends, which is at once."""
        return call("ptrace", _SEIZE, _target(given, process), 0, 0)

    @attack(f"read the memory of the {_process} from outside")
    def vm_read(given, process=_process):
        return _vm("process_vm_readv", _target(given, process))

    @attack(f"take a descriptor of the {_process}")
    def take_descriptor(given, process=_process):
        pidfd = call("pidfd_open", _target(given, process), 0)
        return f"descriptor {call('pidfd_getfd', pidfd, 0, 0)}"

    @attack(f"compare descriptors with the {_process}")
    def compare(given, process=_process):
        return call("kcmp", os.getpid(), _target(given, process), _KCMP_FILE, 0, 0)

    @attack(f"change limits of the {_process}")
    def limits(given, process=_process):
        """To what they are."""
        pid = _target(given, process)
        return resource.prlimit(pid, resource.RLIMIT_CORE, resource.prlimit(pid, resource.RLIMIT_CORE))

    @attack(f"change the scheduling of the {_process}")
    def scheduling(given, process=_process):
        """To what it is."""
        pid = _target(given, process)
        os.setpriority(os.PRIO_PROCESS, pid, os.getpriority(os.PRIO_PROCESS, pid))
        os.sched_setaffinity(pid, os.sched_getaffinity(pid))
        return "it could be slowed down"


def _vm(name, pid):
    """At an address where nothing is: who may not gets another error than who may."""
    here, there = _Part(ctypes.addressof(ctypes.create_string_buffer(8)), 8), _Part(16, 8)
    return reached(name, pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)


@attack("be traced")
def be_traced(given):
    return f"traced: {call('ptrace', _TRACEME, 0, 0, 0)}"
