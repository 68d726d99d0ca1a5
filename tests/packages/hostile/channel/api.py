"""Makes one way to speak with its siblings when it is imported: `way.txt` says which."""

import mmap
import os
import socket
import subprocess
import tempfile
import threading

from steamship.invocable import PackageService, post


class Memory:
    """Over something that behaves like bytes."""

    def __init__(self, view):
        self.view = view

    def put(self, text):
        self.view[: len(text)] = text.encode()

    def take(self):
        return bytes(self.view[:32]).rstrip(b"\0").decode()


class Descriptor:
    """Over a descriptor that both write and read at its begin."""

    def __init__(self, descriptor):
        self.descriptor = descriptor

    def put(self, text):
        os.pwrite(self.descriptor, text.encode(), 0)

    def take(self):
        return os.pread(self.descriptor, 32, 0).decode()


class Stream:
    """Over two ends of a connection."""

    def __init__(self, sending, receiving):
        self.sending, self.receiving = sending, receiving
        os.set_blocking(receiving, False)

    def put(self, text):
        os.write(self.sending, text.encode())

    def take(self):
        try:
            return os.read(self.receiving, 32).decode()
        except BlockingIOError:
            return ""


class Count:
    """Over an event counter, for the length of the text."""

    def __init__(self, descriptor):
        self.descriptor = descriptor

    def put(self, text):
        os.eventfd_write(self.descriptor, len(text))

    def take(self):
        try:
            return "x" * os.eventfd_read(self.descriptor)
        except BlockingIOError:
            return ""


class Nothing:
    """What has no words of its own; that it is there is enough."""

    def put(self, text):
        pass

    def take(self):
        return ""


def shared_mapping():
    return Memory(mmap.mmap(-1, 4096))


def closed_file():
    """A file's mapping outlives its descriptor."""
    with tempfile.TemporaryFile() as file:
        file.truncate(4096)
        return Memory(mmap.mmap(file.fileno(), 4096))


def read_only_mapping():
    """Of a file that another descriptor writes to."""
    file = os.memfd_create("word")
    os.truncate(file, 4096)
    view = mmap.mmap(file, 4096, prot=mmap.PROT_READ)
    made = Descriptor(file)
    made.take = Memory(view).take
    return made


def memfd():
    return Descriptor(os.memfd_create("word"))


def file():
    return Descriptor(os.open(os.path.join(tempfile.gettempdir(), "word"), os.O_RDWR | os.O_CREAT))


def unnamed_file():
    return Descriptor(os.open(tempfile.gettempdir(), os.O_RDWR | os.O_TMPFILE))


def pipe():
    return Stream(*reversed(os.pipe()))


def socketpair():
    one, other = socket.socketpair()
    return Stream(one.detach(), other.detach())


def listener():
    made = socket.socket(socket.AF_UNIX)
    os.chdir(tempfile.gettempdir())  # such a path may have 107 bytes
    made.bind("listener")
    made.listen()
    made.detach()
    return Nothing()


def eventfd():
    return Count(os.eventfd(0, os.EFD_NONBLOCK))


def folder():
    """A descriptor of a folder is a way back to it."""
    os.open(tempfile.gettempdir(), os.O_PATH)
    return Nothing()


def thread():
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    return Nothing()


def child():
    made = subprocess.Popen(["sleep", "1000"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    made.returncode = 0  # nobody is to complain that it was forgotten
    return Nothing()


def shared_memory():
    from multiprocessing.shared_memory import SharedMemory

    made = SharedMemory(create=True, size=4096)
    made.unlink()
    globals()["KEPT"] = made
    return Memory(made.buf)


def system_v():
    """Attached, and marked to be removed with the last who has it."""
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    library.shmat.restype = ctypes.c_void_p
    made = library.shmget(0, 4096, 0o1600)
    address = library.shmat(made, None, 0)
    library.shmctl(made, 0, None)
    assert made >= 0 and address not in (None, 2**64 - 1), os.strerror(ctypes.get_errno())
    return Memory((ctypes.c_char * 4096).from_address(address))


with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "way.txt")) as _file:
    WAY = globals()[_file.read()]()


class Channel(PackageService):
    @post("put")
    def put(self, text: str = "") -> str:
        WAY.put(text)
        return "done"

    @post("take")
    def take(self) -> str:
        return WAY.take()

    @post("pid")
    def pid(self) -> int:
        return os.getpid()
