"""What one instance leaves where another may find it: no door to the engine, but one between tenants."""

import ctypes
import os
import socket
import tempfile

from .outcome import Closed, attack
from .syscalls import call

_KEY = 0x73746561
_SIZE = 4096
_NAME = "trace-of-a-sibling"
_SESSION, _KEYCTL_READ, _KEYCTL_UNLINK = -3, 11, 9
_library = ctypes.CDLL(None, use_errno=True)
_library.shmat.restype = ctypes.c_void_p
_kept = {}


def _raise():
    code = ctypes.get_errno()
    raise OSError(code, os.strerror(code))


class _File:
    def __init__(self, folder):
        self.folder = folder

    @property
    def path(self):
        return os.path.join(self.folder or tempfile.gettempdir(), _NAME)

    def leave(self, text):
        with open(self.path, "w") as file:
            file.write(text)

    def find(self):
        with open(self.path) as file:
            return file.read()

    def remove(self):
        os.unlink(self.path)


class _SystemV:
    def _attach(self, flags):
        made = _library.shmget(_KEY, _SIZE, flags)
        if made < 0:
            _raise()
        address = _library.shmat(made, None, 0)
        if address in (None, 2**64 - 1):
            _raise()
        return made, (ctypes.c_char * _SIZE).from_address(address)

    def leave(self, text):
        _, room = self._attach(0o1666)
        room.value = text.encode()

    def find(self):
        return self._attach(0o666)[1].value.decode()

    def remove(self):
        _library.shmctl(self._attach(0o666)[0], 0, None)


class _MessageQueue:
    def _open(self, *arguments):
        queue = _library.mq_open(b"/" + _NAME.encode(), *arguments)
        if queue < 0:
            _raise()
        return queue

    def leave(self, text):
        queue = self._open(os.O_CREAT | os.O_WRONLY, 0o666, None)
        if _library.mq_send(queue, text.encode(), ctypes.c_size_t(len(text)), 0) < 0:
            _raise()

    def find(self):
        room = ctypes.create_string_buffer(1 << 14)
        got = _library.mq_receive(self._open(os.O_RDONLY | os.O_NONBLOCK), room, ctypes.c_size_t(1 << 14), None)
        if got < 0:
            _raise()
        return room.raw[:got].decode()

    def remove(self):
        if _library.mq_unlink(b"/" + _NAME.encode()) < 0:
            _raise()


class _Keyring:
    """The session's, which a fork inherits."""

    def _find(self):
        return call("keyctl", 10, _SESSION, b"user", _NAME.encode(), 0)

    def leave(self, text):
        call("add_key", b"user", _NAME.encode(), text.encode(), len(text), _SESSION)

    def find(self):
        room = ctypes.create_string_buffer(256)
        return room.raw[: call("keyctl", _KEYCTL_READ, self._find(), room, 256)].decode()

    def remove(self):
        call("keyctl", _KEYCTL_UNLINK, self._find(), _SESSION)


class _Abstract:
    """A datagram socket: what is sent to it shows that both are in one network."""

    def leave(self, text):
        made = _kept["abstract"] = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        made.bind("\0" + _NAME)

    def find(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
            made.connect("\0" + _NAME)
            return "reached"

    def remove(self):
        _kept.pop("abstract").close()


class _Loopback:
    def leave(self, text):
        made = _kept["loopback"] = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(("127.0.0.5", 47_113))
        made.listen()

    def find(self):
        with socket.create_connection(("127.0.0.5", 47_113), 2):
            return "reached"

    def remove(self):
        _kept.pop("loopback").close()


TRACES = {
    "/dev/shm": _File("/dev/shm"),
    "/tmp": _File("/tmp"),
    "/var/tmp": _File("/var/tmp"),
    "its scratch folder": _File(None),
    "the scratch folder of its import": _File(tempfile.gettempdir()),
    "shared memory": _SystemV(),
    "a message queue": _MessageQueue(),
    "the session's keyring": _Keyring(),
    "an abstract socket": _Abstract(),
    "a loopback port": _Loopback(),
}


def leave(name, text):
    """`left`, or why nothing can be left there."""
    try:
        TRACES[name].leave(text)
    except OSError as error:
        return error.strerror
    return "left"


def remove(name):
    try:
        TRACES[name].remove()
    except (OSError, KeyError) as error:
        return str(error)
    return "removed"


for _name in TRACES:

    @attack(f"find what a sibling left in {_name}")
    def find(given, name=_name):
        word = TRACES[name].find()
        if not word:
            raise Closed("nothing is there")
        return word
