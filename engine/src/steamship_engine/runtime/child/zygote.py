"""A zygote: import the author's class once, then fork workers that have it already.

It has no thread and, once it has imported, no descriptor but the launcher's socket. The engine is gone from
its sight before the first worker is born.
"""

import array
import contextlib
import gc
import importlib
import json
import os
import signal
import socket
from typing import Any, NoReturn

from . import birth, gaps, linux, loading, loop, original, records
from .forking import Forks
from .frames import Channel, Closed
from .loading import Author, Refused
from .printed import Printed

_ORDER = 8 * 1024


def run(engine: int, launcher: int, forks: Forks, sandbox: birth.Sandbox, *, is_original: bool) -> NoReturn:
    """Import what the engine's `warm` frame says, answer, and fork for the launcher until it closes."""
    pid = os.getpid()
    control = socket.socket(fileno=launcher)
    try:
        channel = Channel(engine)
        printed = Printed(channel)
        _preload(is_original)
        header, _ = channel.receive()
        author, answer = _imported(header, printed, pid, is_original=is_original)
        printed.end()
        if answer["type"] == "loaded":
            _settle(author)
        channel.send(answer)
        channel.close()
        if answer["type"] == "loaded":
            _fork_on_demand(control, author, forks, sandbox)
    except Closed:
        os._exit(0)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.write(2, ("%s: %s\n" % (type(error).__name__, error)).encode("utf-8", "replace"))
    os._exit(1)


def _imported(
    header: "dict[str, Any]", printed: Printed, pid: int, *, is_original: bool
) -> "tuple[Author | None, dict[str, Any]]":
    """The author's class where it may be shared, and the answer to the engine."""
    code = os.path.abspath(header["code"])
    author = None
    try:
        if header["share"] and is_original:
            author = Author(*original.load(code, header.get("handler"), printed), code)
        elif header["share"]:
            records.install(printed)
            author = Author(*loading.load(code), code)
    except Refused as refused:
        answer = {
            "type": "refused",
            "code": refused.code,
            "message": refused.message,
            "details": refused.details,
        }
        return None, answer
    finally:
        if os.getpid() != pid:
            # The author's code forked, and let its child run on to here.
            os._exit(0)
    return author, {"type": "loaded", "slots": 1}


def _preload(is_original: bool) -> None:
    """What every native package's worker needs. An original's SDK may lie in its bundle: none of it is touched."""
    if not is_original:
        with contextlib.suppress(Exception):
            importlib.import_module("steamship.invocable.serving")


def _settle(author: "Author | None") -> None:
    """Do once what every worker would do, and keep what is there out of the collector's way.

    A collector that looks at an object writes to its page, which is a copy for this worker then.
    """
    if author is not None:
        with contextlib.suppress(Exception):
            loop.prepare(author)
    gc.collect()
    gaps.fill()
    gc.freeze()


def _fork_on_demand(
    control: socket.socket, author: "Author | None", forks: Forks, sandbox: birth.Sandbox
) -> None:
    # A worker that has ended is kept by the kernel until the launcher has read how.
    child_handler = signal.signal(signal.SIGCHLD, signal.SIG_DFL) or signal.SIG_DFL
    # What woke up the author's event loop is none of this process's descriptors any more.
    signal.set_wakeup_fd(-1)
    while True:
        order, descriptors = _receive(control)
        if "worker" in order:
            here = birth.expect(order, sandbox, descriptors[0], child_handler)
            if _fork(control, order["worker"], forks, sandbox) == 0:
                _live(control, order["worker"], here, author)
            for descriptor in descriptors:
                os.close(descriptor)
        elif "reap" in order:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(order["reap"], 0)
        else:
            control.send(json.dumps({"ready": True}).encode())


def _fork(control: socket.socket, number: int, forks: Forks, sandbox: birth.Sandbox) -> int:
    """The child's process id, 0 in the child, -1 where there is none."""
    if not sandbox.namespaces:
        return _forked(control, number, forks)
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    try:
        linux.unshare(linux.NEW_PIDS)
    except OSError as error:
        _fail(control, number, error)
        os.close(own)
        return -1
    pid = _forked(control, number, forks)
    if pid != 0:
        linux.enter(own, linux.NEW_PIDS)
        os.close(own)
    return pid


def _forked(control: socket.socket, number: int, forks: Forks) -> int:
    try:
        return forks.bear()
    except OSError as error:
        _fail(control, number, error)
        return -1


def _live(control: socket.socket, number: int, here: birth.Birth, author: "Author | None") -> NoReturn:
    """A worker's whole life."""
    try:
        birth.be_born(here)
        birth.tell(here)
    except BaseException as error:
        _fail(control, number, error)
        os._exit(1)
    loop.run(birth.CHANNEL, author)
    os._exit(1)


def _fail(control: socket.socket, number: int, error: BaseException) -> None:
    reason = "%s: %s" % (type(error).__name__, error)
    with contextlib.suppress(OSError):
        control.send(json.dumps({"failed": number, "reason": reason[:1000]}).encode())


def _receive(control: socket.socket) -> "tuple[dict[str, Any], list[int]]":
    """The launcher's next order, with the descriptors beside it."""
    space = socket.CMSG_SPACE(array.array("i").itemsize)
    data, ancillary, _, _ = control.recvmsg(_ORDER, space, socket.MSG_CMSG_CLOEXEC)
    if not data:
        os._exit(0)
    descriptors = array.array("i")
    for _level, _kind, content in ancillary:
        descriptors.frombytes(content)
    return json.loads(data), list(descriptors)
