"""Mounts and namespaces that are another's, or none."""

import os

from tampering import after, before_each, linux, named, zygote

BIND, SHARED, REMOUNT = 4096, 1 << 20, 32


@named
def large_scratch():
    mount = linux.mount
    linux.mount = lambda a, b, kind, flags, options="": mount(
        a, b, kind, flags, "size=0,mode=0777" if kind == "tmpfs" else options
    )


@named
def scratch_of_many_files():
    mount = linux.mount
    linux.mount = lambda a, b, kind, flags, options="": mount(
        a, b, kind, flags, options.replace("nr_inodes=", "nr_inodes=9") if kind == "tmpfs" else options
    )


@named
def ramfs_as_scratch():
    mount = linux.mount
    linux.mount = lambda a, b, kind, flags, options="": mount(
        a, b, "ramfs" if kind == "tmpfs" else kind, flags, "mode=0777" if kind == "tmpfs" else options
    )


@named
def one_scratch():
    linux.mount("tmpfs", "/scratch", "tmpfs", 0, "mode=0777")
    mount = linux.mount
    linux.mount = lambda a, b, kind, *rest: None if kind == "tmpfs" else mount(a, b, kind, *rest)


@named
def the_zygotes_scratch():
    """The zygote's own scratch folder, as another one by its options."""
    mount = linux.mount

    def bound(source, target, kind, flags, options=""):
        if kind != "tmpfs":
            return mount(source, target, kind, flags, options)
        mount("/scratch", "/scratch", "none", BIND)
        return mount("none", "/scratch", "none", BIND | REMOUNT | linux.READ_ONLY | 2 | 4)

    linux.mount = bound


@named
def scratch_elsewhere_too():
    after("_namespaces", lambda: linux.bind("/scratch", "/etc/ssl"))


@named
def mirrored_in_the_worker():
    after("_namespaces", lambda: linux.mount("none", "/", "none", SHARED | 16384))


@named
def mirrored_in_the_zygote():
    linux.mount("none", "/", "none", SHARED | 16384)


@named
def writable_proc():
    linux.mount_proc = lambda: linux.mount("proc", "/proc", "proc", 0)


@named
def the_zygotes_proc():
    def bound():
        linux.mount("/proc", "/proc", "none", BIND)
        linux.mount("none", "/proc", "none", BIND | REMOUNT | 2 | 4 | 8)

    linux.mount_proc = bound


@named
def no_proc_of_its_own():
    linux.mount_proc = lambda: None


@named
def zygote_mounts_its_proc_again():
    before_each(lambda: linux.mount("proc", "/proc", "proc", 15))
    linux.mount_proc = lambda: None


@named
def namespaces_with_the_zygote():
    before_each(lambda: linux.unshare(linux.NEW_MOUNTS | linux.NEW_IPC | linux.NEW_NAMES))
    unshare = linux.unshare
    linux.unshare = lambda which: unshare(which & (linux.NEW_PIDS | linux.NEW_NETWORK)) if which else None


@named
def ipc_of_the_zygote():
    unshare = linux.unshare
    linux.unshare = lambda which: unshare(which & ~linux.NEW_IPC)


@named
def network_of_the_zygote():
    unshare = linux.unshare
    linux.unshare = lambda which: unshare(which & ~linux.NEW_NETWORK)


@named
def processes_of_the_zygote():
    unshare = linux.unshare
    linux.unshare = lambda which: None if which == linux.NEW_PIDS else unshare(which)


@named
def processes_of_a_sibling():
    """The second worker is put among the processes of the first one."""
    enter, unshare = linux.enter, linux.unshare
    children = []

    def again(which):
        if which != linux.NEW_PIDS or not children:
            return unshare(which)
        user = 1000 + (len(children) if _has_users() else 0)
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        theirs = os.open("/proc/%d/ns/pid" % children[-1], os.O_RDONLY)
        os.setresuid(1000, 1000, 1000)
        os.setresgid(1000, 1000, 1000)
        enter(theirs, linux.NEW_PIDS)
        os.close(theirs)

    linux.unshare = again
    fork = zygote._forked

    def forked(*arguments):
        pid = fork(*arguments)
        if pid:
            children.append(pid)
        return pid

    zygote._forked = forked


def _has_users():
    """Whether each worker has a user of its own."""
    with open("/proc/self/uid_map") as file:
        return int(file.read().split()[2]) > 1
