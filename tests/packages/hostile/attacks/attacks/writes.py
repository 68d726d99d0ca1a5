"""Writing where others read. A file without a name shows that one could be written, and leaves nothing."""

import errno
import os
import sys
import sysconfig
import tempfile

from .outcome import Closed, attack

_NO_SUCH_FILES = (errno.EOPNOTSUPP, errno.EISDIR)


def _plant(folder, name="planted"):
    try:
        os.close(os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o600))
    except OSError as error:
        if error.errno not in _NO_SUCH_FILES:
            raise
        path = os.path.join(folder, f"{name}-{os.getpid()}")
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        os.unlink(path)
    return folder


def _change(path):
    os.close(os.open(path, os.O_WRONLY))
    return path


for _folder in ("/", "/usr", "/usr/lib", "/etc", "/dev", "/proc", "/sys", "/var/tmp"):

    @attack(f"write into {_folder}")
    def write(given, folder=_folder):
        if os.path.realpath(folder) == os.path.realpath(tempfile.gettempdir()):
            raise Closed("its own scratch folder")
        return _plant(folder)


@attack("plant a .pth file in its environment")
def plant_path(given):
    return _plant(sysconfig.get_path("purelib"))


@attack("change the SDK in its environment")
def change_sdk(given):
    return _change(sys.modules["steamship"].__file__)


@attack("plant a .pyc file in Python's library")
def plant_bytecode(given):
    return _plant(os.path.join(os.path.dirname(os.__file__), "__pycache__"))


@attack("change Python's library")
def change_library(given):
    return _change(os.__file__)


@attack("plant a file in its bundle")
def plant_in_bundle(given):
    return _plant(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@attack("change its bundle")
def change_bundle(given):
    return _change(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "api.py"))


@attack("make its bundle writable")
def change_mode(given):
    """To the mode that it has."""
    path = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    os.chmod(path, os.stat(path).st_mode & 0o7777)
    return path


for _name in ("database", "secret key", "other scratch", "other bundle", "other environment"):

    @attack(f"change {_name}")
    def change(given, name=_name):
        return _change(given["files"][name])


@attack("plant a file in the data folder")
def plant_in_data(given):
    return _plant(os.path.dirname(given["files"]["database"]))
