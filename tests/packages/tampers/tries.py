"""What a zygote may try at its import, and what comes of it by name: an error's name, or `done`."""

import ctypes
import os
import socket

from tampering import linux, named

LIBC = ctypes.CDLL(None, use_errno=True)
REMOUNT_WRITABLE = 4096 | 32
NUMBERS = {"x86_64": {"ptrace": 101, "chroot": 161, "pivot_root": 155, "process_vm_readv": 310, "clone": 56}}


def _call(result):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _number(name):
    return NUMBERS.get(os.uname().machine, {}).get(name, 0)


def _write(path, text="1"):
    with open(path, "w") as file:
        file.write(text)


def _of_the_machine():
    """Through a `/proc` of its own, in a child's mounts."""
    pid = os.fork()
    if pid == 0:
        try:
            linux.unshare(linux.NEW_MOUNTS)
            linux.mount("proc", "/proc", "proc", 0)
            _write("/proc/sys/kernel/core_pattern", "|/bin/false")
            os._exit(0)
        except OSError as error:
            os._exit(error.errno)
    if code := os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
        raise OSError(code, os.strerror(code))


def _load_tables(level):
    with socket.socket(socket.AF_INET6 if level == 41 else socket.AF_INET) as end:
        end.setsockopt(level, 64, b"\0" * 128)


def _listens_outside():
    with socket.socket() as end:
        end.settimeout(1)
        end.connect(("127.0.0.1", 1))


TRIES = {
    "unmount /proc": lambda: _call(LIBC.umount2(b"/proc", 2)),
    "change the root": lambda: os.chroot("/usr"),
    "pivot the root": lambda: _call(LIBC.syscall(_number("pivot_root"), b"/usr", b"/usr")),
    "trace": lambda: _call(LIBC.syscall(_number("ptrace"), 0, 0, 0, 0)),
    "read another's memory": lambda: _call(LIBC.syscall(_number("process_vm_readv"), 1, 0, 0, 0, 0, 0)),
    "have a user namespace": lambda: linux.unshare(linux.NEW_USER),
    "have a control group namespace": lambda: linux.unshare(0x0200_0000),
    "have a time namespace": lambda: linux.unshare(0x80),
    "clone into a user namespace": lambda: linux.clone(linux.NEW_USER),
    "enter a network": lambda: linux.enter(os.open("/proc/self/ns/net", os.O_RDONLY), linux.NEW_NETWORK),
    "make / writable": lambda: linux.mount("none", "/", "none", REMOUNT_WRITABLE),
    "make /usr/lib writable": lambda: linux.mount("none", "/usr/lib", "none", REMOUNT_WRITABLE),
    "mount the machine's disk": lambda: linux.mount("/dev/vda", "/scratch", "ext4", 0),
    "mount a sysfs": lambda: linux.mount("sysfs", "/scratch", "sysfs", 0),
    "mount control groups": lambda: linux.mount("cgroup2", "/scratch", "cgroup2", 0),
    "make a device": lambda: os.mknod("/scratch/disk", 0o060600, os.makedev(8, 0)),
    "set a sysctl": _of_the_machine,
    "load tables of packets": lambda: _load_tables(0),
    "load tables of packets for IPv6": lambda: _load_tables(41),
    "be root": lambda: os.setuid(0),
    "be a user of the machine's": lambda: os.setuid(6000),
    "write to its code": lambda: _write(__file__),
    "reach the machine's loopback": _listens_outside,
    "have a netlink socket": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0),
}


@named
def tries():
    """The outcome of each."""
    outcomes = {}
    for name, attempt in TRIES.items():
        try:
            attempt()
            outcomes[name] = "done"
        except OSError as error:
            outcomes[name] = type(error).__name__
    return outcomes
