"""Reading what is somebody else's, straight and by ways round."""

import os
import tempfile

from .outcome import Closed, attack

_READ = 4096
_FILES = ("database", "secret key", "profile", "other scratch", "other bundle", "other environment")


def _read(path):
    with open(path, "rb") as file:
        content = file.read(_READ)
    if not content:
        raise Closed("it is empty")
    return f"{len(content)} bytes of {path}"


def _scratch(name):
    return os.path.join(tempfile.gettempdir(), f"{name}-{os.getpid()}")


@attack("read /etc/shadow")
def shadow(given):
    return _read("/etc/shadow")


for _name in _FILES:
    attack(f"read {_name}")(lambda given, name=_name: _read(given["files"][name]))


@attack("stat database")
def existence(given):
    return os.stat(given["files"]["database"])


@attack("list the data folder")
def listing(given):
    """What lies there beside the folders that its own code is in, or beside its own code in those."""
    folder = os.path.dirname(given["files"]["database"])
    strangers = set(os.listdir(folder)) - {"bundles", "environments"}
    for name in ("bundles", "environments"):
        within = os.listdir(os.path.join(folder, name))
        strangers |= set(within) if len(within) > 1 else set()
    if not strangers:
        raise Closed("the way to its own code")
    return sorted(strangers)


@attack("read database by symbolic link")
def symbolic_link(given):
    link = _scratch("symbolic")
    os.symlink(given["files"]["database"], link)
    try:
        return _read(link)
    finally:
        os.unlink(link)


@attack("read database by hard link")
def hard_link(given):
    link = _scratch("hard")
    os.link(given["files"]["database"], link)
    try:
        return _read(link)
    finally:
        os.unlink(link)


@attack("read database by ..")
def dots(given):
    os.chdir(tempfile.gettempdir())
    return _read("../" * 40 + given["files"]["database"].lstrip("/"))


@attack("read database by its own /proc")
def own_root(given):
    return _read("/proc/self/root" + given["files"]["database"])


@attack("read database by /proc/1/root")
def first_root(given):
    return _read("/proc/1/root" + given["files"]["database"])


for _process in ("engine", "launcher", "zygote"):

    @attack(f"read database by /proc/{_process}/root")
    def root(given, process=_process):
        return _read(f"/proc/{given['pids'][process]}/root{given['files']['database']}")

    @attack(f"read database by /proc/{_process}/cwd")
    def working_folder(given, process=_process):
        path = "../" * 40 + given["files"]["database"].lstrip("/")
        return _read(f"/proc/{given['pids'][process]}/cwd/{path}")

    @attack(f"open a descriptor of the {_process} by /proc")
    def descriptors(given, process=_process):
        folder = f"/proc/{given['pids'][process]}/fd"
        for name in os.listdir(folder):
            target = os.readlink(f"{folder}/{name}")
            if target.startswith("/") and target != os.devnull:
                os.close(os.open(f"{folder}/{name}", os.O_RDONLY))
                return target
        return "all of them could be seen"


@attack("read other scratch by /proc/sibling/root")
def siblings_root(given):
    return _read(f"/proc/{given['pids']['sibling']}/root{given['files']['other scratch']}")


@attack("open a block device")
def block_device(given):
    for folder in ("/dev", "/dev/block"):
        for entry in os.scandir(folder) if os.path.isdir(folder) else ():
            if (entry.stat(follow_symlinks=False).st_mode & 0o170000) == 0o060000:
                os.close(os.open(entry.path, os.O_RDONLY))
                return entry.path
    raise Closed("there is none")


@attack("open /dev/mem, /dev/kmsg or /proc/kcore")
def kernel_memory(given):
    refused = None
    for path in ("/dev/mem", "/dev/kmsg", "/proc/kcore"):
        try:
            os.close(os.open(path, os.O_RDONLY))
        except OSError as error:
            refused = error
        else:
            return path
    raise refused
