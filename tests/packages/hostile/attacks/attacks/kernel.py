"""Parts of the kernel that no package needs: each is either a door or has been one."""

import ctypes
import errno
import fcntl
import os
import signal
import tempfile

from .outcome import Closed, attack
from .syscalls import call, reached

_NEWNS, _NEWCGROUP, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET, _NEWTIME = (
    0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000, 0x80,
)  # fmt: skip
_NAMESPACES = {
    "mount": _NEWNS, "cgroup": _NEWCGROUP, "uts": _NEWUTS, "ipc": _NEWIPC, "user": _NEWUSER, "pid": _NEWPID,
    "net": _NEWNET, "time": _NEWTIME,
}  # fmt: skip
_TIOCSTI = 0x5412

for _name, _flag in _NAMESPACES.items():

    @attack(f"unshare the {_name} namespace")
    def unshare(given, flag=_flag):
        return call("unshare", flag)


for _name in ("mnt", "net", "pid", "ipc", "uts"):

    @attack(f"enter the engine's {_name} namespace")
    def enter(given, name=_name):
        descriptor = os.open(f"/proc/{given['pids']['engine']}/ns/{name}", os.O_RDONLY)
        return call("setns", descriptor, 0)


def _child_ends(pid):
    """The child that a raw clone made, which must not go on as this program."""
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return "a child was made"


@attack("clone into a user namespace")
def clone(given):
    return _child_ends(call("clone", _NEWUSER | signal.SIGCHLD, 0, 0, 0, 0))


@attack("clone3 into a user namespace")
def clone3(given):
    arguments = (ctypes.c_uint64 * 8)(_NEWUSER, 0, 0, 0, signal.SIGCHLD, 0, 0, 0)
    return _child_ends(call("clone3", arguments, ctypes.sizeof(arguments)))


@attack("make a bpf map")
def bpf(given):
    return call("bpf", 0, (ctypes.c_uint32 * 16)(2, 4, 4, 1), 64)


@attack("set up io_uring")
def io_uring(given):
    return call("io_uring_setup", 1, ctypes.create_string_buffer(120))


@attack("make a userfaultfd")
def userfaultfd(given):
    return call("userfaultfd", os.O_CLOEXEC | 1)


@attack("count events of the kernel")
def perf(given):
    """A software clock of its own, the least that there is."""
    return call("perf_event_open", (ctypes.c_uint32 * 32)(1, 128, 0), 0, -1, -1, 0)


@attack("keep a key in the kernel")
def keyring(given):
    return call("add_key", b"user", b"attack", b"word", 4, -2)


@attack("read its session's keyring")
def session_keyring(given):
    return call("keyctl", 0, -3, 0)


@attack("type on a terminal")
def terminal(given):
    _, slave = os.openpty()
    fcntl.ioctl(slave, _TIOCSTI, b"x")
    return "typed"


@attack("change its personality")
def personality(given):
    return call("personality", 0x0040000)


@attack("bind memory to a node")
def mbind(given):
    return reached("mbind", 0, 0, 0, 0, 0, 0)


@attack("load another kernel")
def kexec(given):
    return reached("kexec_load", 0, 1 << 20, 0, 0)


@attack("load a module")
def module(given):
    return reached("init_module", 0, 0, b"")


@attack("load a module from a file")
def module_file(given):
    return reached("finit_module", -1, b"", 0)


@attack("swap to a file")
def swap(given):
    with tempfile.NamedTemporaryFile() as file:
        return reached("swapon", file.name.encode(), 0)


@attack("restart the machine")
def reboot(given):
    """With a second magic number that is wrong, which is looked at after the rights."""
    return reached("reboot", 0xFEE1DEAD - (1 << 32), 1, 0, 0)


@attack("set the clock")
def clock(given):
    """To nothing: only the rights are looked at."""
    return call("settimeofday", 0, 0)


@attack("set the host's name")
def host_name(given):
    """To what it is."""
    name = os.uname().nodename.encode()
    return call("sethostname", name, len(name))


@attack("change quotas")
def quota(given):
    return reached("quotactl", 0x80000200, 0, 0, 0)


@attack("account for processes")
def acct(given):
    return reached("acct", b"/nowhere/at-all")


@attack("read the kernel's log")
def kernel_log(given):
    return f"{call('syslog', 3, ctypes.create_string_buffer(256), 256)} bytes"


@attack("open a file by its handle")
def handle(given):
    room = ctypes.create_string_buffer(8 + 128)
    room[0:4] = (128).to_bytes(4, "little")
    mount_id = ctypes.c_int()
    folder = tempfile.gettempdir().encode()
    call("name_to_handle_at", -100, folder, room, ctypes.byref(mount_id), 0)
    mount = os.open(folder, os.O_RDONLY)
    return f"descriptor {call('open_by_handle_at', mount, room, os.O_RDONLY)}"


@attack("watch all of a file system")
def fanotify(given):
    return call("fanotify_init", 0x200, os.O_RDONLY)


@attack("drive ports")
def ports(given):
    return call("iopl", 3)


_SWITCHES = {
    "core_pattern": "/proc/sys/kernel/core_pattern",
    "/proc/sys": "/proc/sys/vm/overcommit_memory",
    "/proc/sysrq-trigger": "/proc/sysrq-trigger",
    "/sys": "/sys/kernel/mm/transparent_hugepage/enabled",
}

for _name, _path in _SWITCHES.items():

    @attack(f"open {_name} for writing")
    def switch(given, path=_path):
        """Opened, and nothing written."""
        os.close(os.open(path, os.O_WRONLY))
        return path


@attack("change a control group")
def control_group(given):
    """A folder made where it is, and removed."""
    with open("/proc/self/cgroup") as lines:
        own = [line.rstrip("\n").split(":", 2)[1:] for line in lines]
    with open("/proc/self/mountinfo") as lines:
        mounts = [line.split(" ") for line in lines]
    for fields in mounts:
        kind, point = fields[fields.index("-") + 1], fields[4]
        if kind in ("cgroup", "cgroup2"):
            for _, below in own:
                folder = f"{point}{below.rstrip('/')}/attack-{os.getpid()}"
                if os.path.isdir(os.path.dirname(folder)):
                    os.mkdir(folder)
                    os.rmdir(folder)
                    return folder
    raise Closed("there is none")
