"""The programs that say which calls of the kernel zygotes and workers may make."""

from __future__ import annotations

import errno
import socket

import pytest

from steamship_engine.runtime import seccomp
from tests.services.filters import verdict

ZYGOTE, UNHELD = (seccomp.for_zygotes(memory_is_held=held) for held in (True, False))
WORKER, ON_THE_HOST = seccomp.for_workers(), seccomp.on_the_host()
NEW_USER, NEW_PIDS, NEW_MOUNTS, NEW_TIME = 0x1000_0000, 0x2000_0000, 0x2_0000, 0x80
NEW_CONTROL_GROUPS = 0x0200_0000
THREAD = 0x3D0F00

FOR_ADMINISTRATORS = (
    "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp", "bpf", "perf_event_open", "userfaultfd",
    "keyctl", "add_key", "request_key", "io_uring_setup", "chroot", "pivot_root", "umount2", "move_mount", "open_tree",
    "fsopen", "kexec_load", "init_module", "finit_module", "delete_module", "reboot", "swapon", "acct", "quotactl",
    "settimeofday", "clock_settime", "sethostname", "syslog", "open_by_handle_at", "fanotify_init", "mbind",
)  # fmt: skip


@pytest.mark.parametrize("program", [ZYGOTE, ON_THE_HOST])
@pytest.mark.parametrize("name", FOR_ADMINISTRATORS)
def test_what_only_an_administrator_needs_is_forbidden(program, name):
    """Such a call fails with EPERM before the kernel looks at its arguments."""
    assert verdict(program, name) == errno.EPERM


@pytest.mark.parametrize("program", [ZYGOTE, ON_THE_HOST])
@pytest.mark.parametrize(
    "name",
    [
        "read",
        "openat",
        "mmap",
        "execve",
        "futex",
        "sendto",
        "fork",
        "wait4",
        "getrandom",
        "prlimit64",
        "ioctl",
    ],
)
def test_what_programs_do_is_allowed(program, name):
    """Files, memory, processes, waiting and sockets that exist already are nobody's business."""
    assert verdict(program, name) == "allowed"


@pytest.mark.parametrize("program", [ZYGOTE, ON_THE_HOST])
def test_a_call_that_is_not_named_does_not_exist(program):
    """ENOSYS, for which the C library has a second way: it makes threads with `clone` instead of `clone3`."""
    assert verdict(program, "clone3") == errno.ENOSYS


@pytest.mark.parametrize("program", [ZYGOTE, ON_THE_HOST])
@pytest.mark.parametrize("namespace", [NEW_USER, NEW_PIDS, NEW_MOUNTS, NEW_TIME])
def test_clone_makes_processes_and_threads_alone(program, namespace):
    """With a flag for a namespace it is forbidden, whatever else is asked for."""
    assert verdict(program, "clone", 17) == "allowed"
    assert verdict(program, "clone", THREAD) == "allowed"
    assert verdict(program, "clone", THREAD | namespace) == errno.EPERM


@pytest.mark.parametrize("program", [ZYGOTE, ON_THE_HOST])
def test_no_two_processes_run_in_one_memory(program):
    """Where memory is shared, the other one is a thread, or its parent waits for it, as for a program to be started."""
    vm, vfork, files = 0x100, 0x4000, 0x400
    assert verdict(program, "clone", vm | vfork | 17) == "allowed"
    for flags in (vm | 17, vm | files | 17):
        assert verdict(program, "clone", flags) == errno.EPERM


@pytest.mark.parametrize("program", [ZYGOTE, UNHELD, ON_THE_HOST])
def test_nobody_waits_at_a_close(program):
    """SO_LINGER seems to be set and is not: a socket that has it would hold up whoever closes it last."""
    assert verdict(program, "setsockopt", 3, socket.SOL_SOCKET, socket.SO_LINGER) == 0
    assert verdict(program, "setsockopt", 3, socket.SOL_SOCKET, socket.SO_REUSEADDR) == "allowed"


@pytest.mark.parametrize("name", ["memfd_create", "shmget"])
def test_memory_that_nobody_has_mapped_needs_a_control_group(name):
    """Without one such a call does not exist, or is forbidden: a look at processes from outside would not see it."""
    assert verdict(ZYGOTE, name) == "allowed"
    assert verdict(UNHELD, name) == errno.ENOSYS
    assert verdict(ON_THE_HOST, name) in (errno.ENOSYS, errno.EPERM)


def test_a_zygote_may_make_what_its_workers_need():
    """Namespaces but for users, going back to its own processes, and mounting."""
    assert verdict(ZYGOTE, "unshare", NEW_PIDS | NEW_MOUNTS) == "allowed"
    for namespace in (NEW_USER, NEW_CONTROL_GROUPS, NEW_TIME):
        assert verdict(ZYGOTE, "unshare", NEW_MOUNTS | namespace) == errno.EPERM
    assert verdict(ZYGOTE, "setns", 5, NEW_PIDS) == "allowed"
    assert verdict(ZYGOTE, "setns", 5, NEW_MOUNTS) != "allowed"
    assert verdict(ZYGOTE, "mount") == "allowed"


@pytest.mark.parametrize("program", [ZYGOTE, ON_THE_HOST])
@pytest.mark.parametrize("option", [64, 65, 96, 97, 128, 129])
def test_no_tables_of_packet_filters_are_loaded(program, option):
    """A zygote, which administers its own network, gets at none of that code; other options are set as ever."""
    for level in (socket.IPPROTO_IP, socket.IPPROTO_IPV6):
        assert verdict(program, "setsockopt", 3, level, option) == errno.EPERM
        assert verdict(program, "setsockopt", 3, level, socket.IP_TTL) == "allowed"
    assert verdict(program, "setsockopt", 3, socket.SOL_SOCKET, option) == "allowed"


@pytest.mark.parametrize("name", ["unshare", "setns", "mount"])
def test_a_worker_may_make_none_of_that(name):
    """Its own program forbids it; all else is left to its zygote's, which it has too."""
    assert verdict(WORKER, name) == errno.EPERM
    assert verdict(WORKER, "read") == "allowed"
    assert verdict(ON_THE_HOST, name) == errno.EPERM


@pytest.mark.parametrize("family", [socket.AF_UNIX, socket.AF_INET, socket.AF_INET6])
def test_sockets_in_a_network_of_its_own(family):
    """Streams and datagrams, however the descriptor is to behave."""
    flags = socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        assert verdict(ZYGOTE, "socket", family, kind | flags) == "allowed"
        assert verdict(ZYGOTE, "socket", family, kind | flags, 1) == (
            "allowed" if family == socket.AF_UNIX else errno.EPERM
        )
    assert verdict(ZYGOTE, "socket", family, socket.SOCK_RAW) == errno.EPERM


@pytest.mark.parametrize("program", [ZYGOTE, ON_THE_HOST])
@pytest.mark.parametrize("family", [16, 17, 38, 40, 44])
def test_other_families_of_sockets_are_forbidden(program, family):
    """Netlink, packets, the kernel's ciphers, virtual machines' and express data."""
    assert verdict(program, "socket", family, socket.SOCK_DGRAM) == errno.EPERM
    assert verdict(program, "socket", family, socket.SOCK_RAW) == errno.EPERM


def test_on_the_machines_network_there_is_tcp_alone():
    """Landlock knows ports of TCP; what it does not know is forbidden."""
    assert verdict(ON_THE_HOST, "socket", socket.AF_INET, socket.SOCK_STREAM) == "allowed"
    assert verdict(ON_THE_HOST, "socket", socket.AF_INET, socket.SOCK_DGRAM) == errno.EPERM
    assert verdict(ON_THE_HOST, "socket", socket.AF_UNIX, socket.SOCK_STREAM) == errno.EPERM
    assert verdict(ON_THE_HOST, "socketpair", socket.AF_UNIX, socket.SOCK_STREAM) == "allowed"
    assert verdict(ON_THE_HOST, "socketpair", socket.AF_UNIX, socket.SOCK_DGRAM) == errno.EPERM


@pytest.mark.parametrize("program", [ZYGOTE, ON_THE_HOST])
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_streams_are_tcp(program, family):
    """Protocols that are connected as streams too are forbidden: multipath TCP is none of Landlock's."""
    assert verdict(program, "socket", family, socket.SOCK_STREAM, socket.IPPROTO_TCP) == "allowed"
    for protocol in (132, 262):
        assert verdict(program, "socket", family, socket.SOCK_STREAM, protocol) == errno.EPERM


@pytest.mark.parametrize(("name", "flags"), [("sendto", 3), ("sendmsg", 2), ("sendmmsg", 3)])
def test_nothing_is_sent_before_a_connection_on_the_machine(name, flags):
    """Sending that connects at once is forbidden where Landlock, which is not asked then, holds the ports."""
    before = [0] * flags
    assert verdict(ON_THE_HOST, name, *before, 0x2000_4000) == errno.EPERM
    assert verdict(ON_THE_HOST, name, *before, 0x4000) == "allowed"
    assert verdict(ZYGOTE, name, *before, 0x2000_4000) == "allowed"


@pytest.mark.parametrize("name", ["setxattr", "lsetxattr", "fsetxattr", "fremovexattr"])
def test_no_notes_are_left_at_the_machines_files(name):
    """Extended attributes, which Landlock does not know, are not written where the machine's files are seen."""
    assert verdict(ON_THE_HOST, name) == errno.EPERM
    assert verdict(ZYGOTE, name) == "allowed"


@pytest.mark.parametrize("name", ["prlimit64", "sched_setaffinity"])
def test_on_the_machine_nobody_changes_others(name):
    """Limits and places of other processes are theirs; a process may change its own."""
    assert verdict(ON_THE_HOST, name, 0) == "allowed"
    assert verdict(ON_THE_HOST, name, 4711) == errno.EPERM
    assert verdict(ZYGOTE, name, 4711) == "allowed"
    assert verdict(ON_THE_HOST, "setpriority", 0, 0) == "allowed"
    assert verdict(ON_THE_HOST, "setpriority", 0, 4711) == errno.EPERM


@pytest.mark.parametrize("name", ["shmget", "msgget", "semget", "mq_open"])
def test_on_the_machine_there_is_no_memory_to_share_by_a_number(name):
    """Without a namespace for them these are everybody's."""
    assert verdict(ON_THE_HOST, name) == errno.EPERM
    assert verdict(ZYGOTE, name) == "allowed"


@pytest.mark.parametrize("program", [ZYGOTE, ON_THE_HOST])
@pytest.mark.parametrize("command", [0x5412, 0x541C, 0x5412 | 1 << 40])
def test_nothing_is_typed_into_terminals(program, command):
    """TIOCSTI and TIOCLINUX are forbidden, with bits above that the kernel would not look at too."""
    assert verdict(program, "ioctl", 0, command) == errno.EPERM
    assert verdict(program, "ioctl", 0, 0x5413) == "allowed"


@pytest.mark.parametrize("program", [ZYGOTE, ON_THE_HOST])
def test_a_persona_may_be_asked_for_and_not_changed(program):
    """0 and the question what it is are allowed; without address randomisation nobody runs."""
    assert verdict(program, "personality", 0xFFFF_FFFF) == "allowed"
    assert verdict(program, "personality", 0x0040000) == errno.EPERM


@pytest.mark.parametrize("program", [ZYGOTE, ON_THE_HOST])
def test_another_architectures_calls_end_the_process(program):
    """Numbers mean other calls there: 32-bit code on a 64-bit kernel is not let in."""
    assert verdict(program, "read", machine=0x4000_0003) == "killed"
