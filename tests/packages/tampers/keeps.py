"""A zygote that keeps something of its workers', or gives them something to share."""

import ctypes
import mmap
import os
import socket
import threading
import time

from tampering import after_each, before_each, linux, named

LIBC = ctypes.CDLL(None, use_errno=True)


@named
def a_second_process():
    after_each(lambda: os.fork() or time.sleep(1000))


@named
def a_thread_with_its_own_descriptors():
    def keep():
        LIBC.unshare(0x400)
        time.sleep(1000)

    after_each(lambda: threading.Thread(target=keep, daemon=True).start())


@named
def zygote_keeps_the_channel():
    after_each(lambda: os.dup(3))


@named
def zygote_keeps_a_folder():
    after_each(lambda: os.open("/scratch", os.O_RDONLY))


@named
def zygote_is_another_user():
    after_each(lambda: os.setresuid(1500, 1500, 1500))


@named
def zygote_moves_on():
    after_each(lambda: linux.unshare(linux.NEW_IPC))


def _until_birth(make):
    kept = []
    before_each(lambda: kept.append(make()))


@named
def shared_memory():
    _until_birth(lambda: mmap.mmap(-1, 4096))


@named
def shared_memory_of_a_collector():
    import gc

    kept = []
    before_each(
        lambda: gc.callbacks.append(lambda *_: kept.append(mmap.mmap(-1, 4096))) or gc.collect() and None
    )


def _mapped(file, flags, protection=mmap.PROT_READ):
    os.ftruncate(file, 4096)
    # By hand: Python's own keeps a copy of the descriptor.
    LIBC.mmap.restype = ctypes.c_void_p
    LIBC.mmap(None, ctypes.c_size_t(4096), protection, flags, file, ctypes.c_long(0))
    os.close(file)


@named
def memory_that_shows_a_file():
    _until_birth(lambda: _mapped(os.open("/scratch/file", os.O_RDWR | os.O_CREAT), mmap.MAP_PRIVATE))


@named
def memory_that_shows_a_file_without_a_name():
    _until_birth(lambda: _mapped(os.memfd_create("kept"), mmap.MAP_PRIVATE))


@named
def shared_memory_to_read():
    def make():
        file = os.memfd_create("kept")
        os.ftruncate(file, 4096)
        again = os.open("/proc/self/fd/%d" % file, os.O_RDONLY)
        os.close(file)
        LIBC.mmap.restype = ctypes.c_void_p
        LIBC.mmap(None, ctypes.c_size_t(4096), mmap.PROT_READ, mmap.MAP_SHARED, again, ctypes.c_long(0))
        os.close(again)

    _until_birth(make)


@named
def segment_of_system_v():
    def attach():
        segment = LIBC.shmget(0, ctypes.c_size_t(4096), 0o1666)
        assert segment >= 0
        LIBC.shmat.restype = ctypes.c_void_p
        LIBC.shmat(segment, None, 0o10000)

    _until_birth(attach)


@named
def null_is_a_file():
    """What a link in `/proc` calls `/dev/null` is a file in a tmpfs that is mounted nowhere any more."""
    before_each(_null_to_a_file)


def _null_to_a_file():
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        linux.unshare(linux.NEW_MOUNTS)
        linux.mount("tmpfs", "/scratch", "tmpfs", 0)
        os.mkdir("/scratch/dev")
        file = os.open("/scratch/dev/null", os.O_RDWR | os.O_CREAT)
        socket.send_fds(theirs, [b"!"], [file])
        os._exit(0)
    file = socket.recv_fds(ours, 1, 1)[1][0]
    os.wait()
    for end in (ours, theirs):
        end.close()
    os.dup2(file, 0)
    assert os.readlink("/proc/self/fd/0") == "/dev/null"
    os.close(file)
