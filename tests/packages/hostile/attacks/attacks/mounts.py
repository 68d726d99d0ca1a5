"""Changing what is mounted where.

What would hurt the host is tried in a mount namespace of the attack's own where it gets one; where it gets none,
the same call is made in a form that changes nothing and shows the rights alone.
"""

import os
import shutil
import tempfile

from .outcome import Closed, attack
from .syscalls import call, reached

_NEWNS, _NEWUSER = 0x20000, 0x10000000
_REMOUNT, _BIND, _REC, _PRIVATE = 32, 4096, 16384, 1 << 18
_DETACH, _EXPIRE = 2, 4
_CLONE_TREE = 1


def _privately():
    """Whether this process has a mount namespace of its own now, from which nothing reaches the host."""
    try:
        call("unshare", _NEWNS)
    except OSError:
        return False
    call("mount", 0, b"/", 0, _REC | _PRIVATE, 0)
    return True


def _unmount(point):
    if _privately():
        call("umount2", point, _DETACH)
        return "unmounted"
    # It only marks a mount that nobody uses; one that is in use is told as busy, after the rights.
    return reached("umount2", point, _EXPIRE)


@attack("mount a tmpfs")
def mount(given):
    _privately()
    folder = tempfile.mkdtemp()
    try:
        call("mount", b"attack", folder.encode(), b"tmpfs", 0, b"size=64k")
        call("umount2", folder.encode(), _DETACH)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return folder


@attack("mount a /proc")
def mount_proc(given):
    _privately()
    folder = tempfile.mkdtemp()
    try:
        call("mount", b"proc", folder.encode(), b"proc", 0, 0)
        call("umount2", folder.encode(), _DETACH)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return folder


@attack("bind a folder elsewhere")
def bind(given):
    _privately()
    folder = tempfile.mkdtemp()
    try:
        call("mount", b"/", folder.encode(), 0, _BIND, 0)
        call("umount2", folder.encode(), _DETACH)
    finally:
        os.rmdir(folder)
    return folder


@attack("mount in a user namespace of its own")
def mount_as_root_of_itself(given):
    folder = tempfile.mkdtemp()
    try:
        call("unshare", _NEWUSER | _NEWNS)
        call("mount", 0, b"/", 0, _REC | _PRIVATE, 0)
        call("mount", b"attack", folder.encode(), b"tmpfs", 0, b"size=64k")
        call("umount2", folder.encode(), _DETACH)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return folder


@attack("unmount /proc")
def unmount_proc(given):
    return _unmount(b"/proc")


@attack("unmount its scratch, or what it is in")
def unmount_scratch(given):
    return _unmount(_mount_of(tempfile.gettempdir()).encode())


@attack("unmount what covers its folders")
def unmount_any(given):
    """Every mount that there is, innermost first, until one gives way."""
    refused = None
    for point in reversed(_points()):
        try:
            return f"{point}: {_unmount(point.encode())}"
        except OSError as error:
            refused = error
    raise refused or Closed("there is no mount")


@attack("make / writable")
def writable_root(given):
    _privately()
    return call("mount", 0, b"/", 0, _REMOUNT | _BIND, 0)


@attack("make its code writable")
def writable_code(given):
    _privately()
    refused = None
    for folder in {_mount_of(os.path.abspath(__file__)), _mount_of(os.__file__), _mount_of("/usr")}:
        try:
            return f"{folder}: {call('mount', 0, folder.encode(), 0, _REMOUNT | _BIND, 0)}"
        except OSError as error:
            refused = error
    raise refused


@attack("change the root")
def pivot(given):
    """To a folder that is no mount, which is looked at after the rights."""
    folder = tempfile.gettempdir().encode()
    return reached("pivot_root", folder, folder)


@attack("chroot")
def change_root(given):
    os.chroot(tempfile.gettempdir())
    return "changed"


@attack("open a file system")
def open_file_system(given):
    return call("fsopen", b"tmpfs", 0)


@attack("clone a tree of mounts")
def clone_tree(given):
    return call("open_tree", -100, b"/", _CLONE_TREE)


@attack("make a device")
def device(given):
    """The one that swallows everything."""
    path = os.path.join(tempfile.gettempdir(), f"device-{os.getpid()}")
    os.mknod(path, 0o020600, os.makedev(1, 3))
    try:
        os.close(os.open(path, os.O_WRONLY))
    finally:
        os.unlink(path)
    return "made and opened"


@attack("make the device of the disk")
def disk(given):
    path = os.path.join(tempfile.gettempdir(), f"disk-{os.getpid()}")
    os.mknod(path, 0o060600, os.stat(os.__file__).st_dev)
    try:
        os.close(os.open(path, os.O_RDONLY))
    finally:
        os.unlink(path)
    return "made and opened"


def _points():
    with open("/proc/self/mountinfo") as lines:
        return [line.split(" ")[4].replace("\\040", " ") for line in lines]


def _mount_of(path):
    """The mount that the path lies in."""
    path = os.path.realpath(path)
    while not os.path.ismount(path):
        path = os.path.dirname(path)
    return path
