"""The calls of the kernel that a zygote and a worker may make, as programs for seccomp.

An allow-list: what is not named does not exist for them (ENOSYS, for which C libraries have a second way), and
what only an administrator has a use for is forbidden (EPERM), as it would be without a sandbox.
"""

from __future__ import annotations

import errno
import socket

from seccompy import Action, ArgCmp, CmpOp, Filter
from seccompy.syscalls import syscall_nr

_LOW = 0xFFFF_FFFF
_NAMESPACES = 0x7E02_0080
"""Every CLONE_NEW... of `linux/sched.h`: time, mounts, cgroup, names, ipc, user, processes, network."""

_NOT_FOR_WORKERS = 0x1200_0080
"""Namespaces that no worker is given: of users, of control groups, of time."""

_NEW_PIDS = 0x2000_0000
_MEMORY_SHARED, _PARENT_WAITS, _THREAD = 0x100, 0x4000, 0x1_0000
"""CLONE_VM, CLONE_VFORK and CLONE_THREAD: two processes that run at once have no memory together."""

_LINGER = 13
"""SO_LINGER: whoever is the last to close such a socket waits, and a socket can be handed to others."""

_FAST_OPEN = 0x2000_0000
"""MSG_FASTOPEN: it connects, and Landlock is not asked."""

_KIND = 0xF
"""Of a socket's type; the bits above say how its descriptor behaves."""

_PUSHES_INTO_TERMINALS = (0x5412, 0x541C)
"""TIOCSTI and TIOCLINUX: they type into the terminal of whoever started the engine."""

_TABLES = (64, 96, 128)
"""Each with the next one, the options that load tables of packet filters: much of the kernel behind a capability that
a zygote has in its own network."""

_FILES = """
    access chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64
    fallocate fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl fdatasync fgetxattr flistxattr flock fremovexattr
    fsetxattr fstat fstatfs fsync ftruncate getcwd getdents getdents64 getxattr inotify_add_watch inotify_init
    inotify_init1 inotify_rm_watch lchown lgetxattr link linkat listxattr llistxattr lremovexattr lseek lsetxattr lstat
    mkdir mkdirat mknod mknodat newfstatat open openat openat2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read
    readahead readlink readlinkat readv removexattr rename renameat renameat2 rmdir sendfile setxattr splice stat statfs
    statx symlink symlinkat sync sync_file_range syncfs tee truncate umask unlink unlinkat utime utimensat utimes
    vmsplice write writev
"""
_MEMORY = """
    brk madvise membarrier memfd_create mincore mlock mlock2 mlockall mmap mprotect mremap msync munlock munlockall munmap
    pkey_alloc pkey_free pkey_mprotect get_mempolicy
"""
_PROCESSES = """
    alarm arch_prctl capget capset execve execveat exit exit_group fork get_robust_list getcpu getegid geteuid getgid getgroups
    getitimer getpgid getpgrp getpid getppid getpriority getresgid getresuid getrlimit getrusage getsid gettid getuid
    ioprio_get kill landlock_add_rule landlock_create_ruleset landlock_restrict_self pause pidfd_open
    pidfd_send_signal prctl prlimit64 restart_syscall rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo
    rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min
    sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval sched_setaffinity
    sched_yield seccomp set_robust_list set_tid_address setitimer setpgid setpriority setrlimit setsid sigaltstack tgkill
    times tkill uname vfork wait4 waitid sysinfo
    setfsgid setfsuid setgid setgroups setregid setresgid setresuid setreuid setuid
"""
_WAITING = """
    clock_getres clock_gettime clock_nanosleep epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait
    eventfd eventfd2 futex futex_wait futex_waitv futex_wake getrandom gettimeofday nanosleep pipe pipe2 poll ppoll
    pselect6 select signalfd signalfd4 time timer_create timer_delete timer_getoverrun timer_gettime timer_settime
    timerfd_create timerfd_gettime timerfd_settime
    mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd
    semctl semget semop semtimedop shmat shmctl shmdt shmget
"""
_SOCKETS = """
    accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg recvmsg sendmmsg sendmsg
    sendto shutdown socketpair
"""
_FOR_BIRTHS = "mount setns unshare"
_OF_OTHERS = {"prlimit64": 0, "sched_setaffinity": 0, "setpriority": 1}
"""What changes a process that is named by an argument: allowed, by a 0 there, for oneself alone where others are seen."""

_SHARED = ("mq_open", "msgget", "semget", "shmget")
"""What all processes of a machine share that have no namespace of their own for it."""

_UNSEEN_MEMORY = frozenset({"memfd_create", "shmget"})
"""What makes memory that `/proc` shows of no process while nobody has it mapped."""

_SENDING = {"sendto": 3, "sendmsg": 2, "sendmmsg": 3}
"""Each with its argument of flags."""

_NOTES = ("setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr")
"""What writes beside a file's content, which Landlock does not know."""

_FORBIDDEN = """
    acct add_key adjtimex bpf chroot clock_adjtime clock_settime delete_module fanotify_init finit_module fsconfig fsmount
    fsopen fspick init_module io_uring_enter io_uring_register io_uring_setup ioperm iopl kcmp kexec_file_load
    kexec_load keyctl lookup_dcookie mbind migrate_pages mount mount_setattr move_mount move_pages name_to_handle_at
    nfsservctl open_by_handle_at open_tree perf_event_open pidfd_getfd pivot_root process_madvise process_mrelease
    process_vm_readv process_vm_writev ptrace quotactl quotactl_fd reboot request_key set_mempolicy
    set_mempolicy_home_node sched_setattr sched_setparam sched_setscheduler setdomainname sethostname setns settimeofday
    swapoff swapon syslog umount2 unshare userfaultfd vhangup
"""


def for_zygotes(*, memory_is_held: bool) -> bytes:
    """The program of a zygote, which its workers have as well: it may also make what a worker's namespaces need.

    Where no control group holds memory, none is made that a look from outside does not see.
    """
    rules = _rules(births=True, but=frozenset() if memory_is_held else _UNSEEN_MEMORY)
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        rules.allow("socket", args=[_is(0, socket.AF_UNIX), _masked(1, _KIND, kind)])
    _internet(rules, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    _internet(rules, socket.SOCK_DGRAM, socket.IPPROTO_UDP)
    rules.errno("socket", errno.EPERM)
    return rules.program


def for_workers() -> bytes:
    """What a worker has in addition: births are over."""
    rules = Filter(Action.ALLOW)
    for name in _FOR_BIRTHS.split():
        rules.errno(name, errno.EPERM)
    return rules.program


def on_the_host() -> bytes:
    """The program where no namespace stands between a zygote and the machine: TCP alone, which Landlock sees to."""
    but = frozenset((*_OF_OTHERS, *_SHARED, *_SENDING, *_NOTES, "socketpair"))
    rules = _rules(births=False, but=but | _UNSEEN_MEMORY)
    for name, argument in _OF_OTHERS.items():
        rules.allow(name, args=[_is(argument, 0)])
        rules.errno(name, errno.EPERM)
    for name in _SHARED:
        if _exists(name):
            rules.errno(name, errno.EPERM)
    for name, argument in _SENDING.items():
        rules.errno(name, errno.EPERM, args=[_masked(argument, _FAST_OPEN, _FAST_OPEN)])
        rules.allow(name)
    for name in _NOTES:
        rules.errno(name, errno.EPERM)
    # Datagrams could be sent to any socket that has a path.
    for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET):
        rules.allow("socketpair", args=[_masked(1, _KIND, kind)])
    rules.errno("socketpair", errno.EPERM)
    _internet(rules, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    rules.errno("socket", errno.EPERM)
    return rules.program


def _internet(rules: Filter, kind: int, protocol: int) -> None:
    """Sockets of that kind and of its usual protocol alone: others are connected by ways that nothing here knows."""
    for family in (socket.AF_INET, socket.AF_INET6):
        for named in (0, protocol):
            rules.allow("socket", args=[_is(0, family), _masked(1, _KIND, kind), _is(2, named)])


def _rules(*, births: bool, but: frozenset[str] = frozenset()) -> Filter:
    """What zygotes have in common, but for those names."""
    rules = Filter(Action.ERRNO | errno.ENOSYS)
    for name in f"{_FILES} {_MEMORY} {_PROCESSES} {_WAITING} {_SOCKETS}".split():
        if _exists(name) and name not in but:
            rules.allow(name)
    for command in _PUSHES_INTO_TERMINALS:
        rules.errno("ioctl", errno.EPERM, args=[_is(1, command)])
    rules.allow("ioctl")
    for level in (socket.IPPROTO_IP, socket.IPPROTO_IPV6):
        for option in _TABLES:
            rules.errno("setsockopt", errno.EPERM, args=[_is(1, level), _masked(2, _LOW & ~1, option)])
    # It seems to work: there are libraries that set it, and none that would miss it.
    rules.errno("setsockopt", 0, args=[_is(1, socket.SOL_SOCKET), _is(2, _LINGER)])
    rules.allow("setsockopt")
    for persona in (0, _LOW):
        rules.allow("personality", args=[_is(0, persona)])
    rules.errno("personality", errno.EPERM)
    for shared in (0, _MEMORY_SHARED | _PARENT_WAITS, _MEMORY_SHARED | _THREAD):
        rules.allow("clone", args=[_masked(0, _NAMESPACES | _MEMORY_SHARED | shared, shared)])
    rules.errno("clone", errno.EPERM)
    if births:
        rules.allow("unshare", args=[_masked(0, _NOT_FOR_WORKERS, 0)])
        rules.allow("setns", args=[_is(1, _NEW_PIDS)])
        rules.allow("mount")
    for name in _FORBIDDEN.split():
        if _exists(name) and not (births and name == "mount"):
            rules.errno(name, errno.EPERM)
    return rules


def _is(argument: int, value: int) -> ArgCmp:
    """The kernel takes the lower half of these arguments, whatever the upper one is."""
    return _masked(argument, _LOW, value)


def _masked(argument: int, mask: int, value: int) -> ArgCmp:
    return ArgCmp(argument, CmpOp.MASKED_EQ, value, mask)


def _exists(name: str) -> bool:
    """Whether this machine's architecture has the call."""
    try:
        syscall_nr(name)
    except ValueError:
        return False
    return True
