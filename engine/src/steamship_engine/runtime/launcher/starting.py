"""Starting a zygote: fork, confine, exec of the environment's interpreter."""

import os
import select
import signal
import socket
from typing import NoReturn

from steamship_engine.runtime.launcher.confine import Confinement, confine
from steamship_engine.runtime.launcher.lives import Zygote

CHILD = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "child", "__main__.py")
_EXEC_WAIT_MS = 5_000
_TOLD = 4096


class NotStarted(Exception):
    """The zygote did not come to life."""


def start(zygote: Zygote, command: tuple[str, str], channel: int, control: socket.socket) -> None:
    """Start the process of `zygote`, with its ends of the two sockets. Raises NotStarted.

    `command` is the interpreter, and the kind of the versions that the zygote is for.
    """
    try:
        zygote.printed = (_unnamed(zygote.scratch), _unnamed(zygote.scratch))
        nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        told, failure = os.pipe2(os.O_CLOEXEC)
    except OSError as error:
        raise NotStarted(str(error)) from error
    descriptors = (nothing, *zygote.printed, channel, control.fileno(), failure)
    launcher = os.getpid()
    try:
        pid = os.fork()
        if pid == 0:
            _become(command, failure, Confinement(launcher, zygote.scratch, zygote.limits, descriptors))
        zygote.watch(pid)
        os.close(failure)
        failure = -1
        _await_exec(zygote, told)
    except OSError as error:
        raise NotStarted(str(error)) from error
    finally:
        for descriptor in (nothing, told, *((failure,) if failure >= 0 else ())):
            os.close(descriptor)


def _await_exec(zygote: Zygote, told: int) -> None:
    """Wait until the exec closes the pipe; what is written into it says why there is none. Raises NotStarted."""
    poll = select.poll()
    poll.register(told, select.POLLIN)
    reason = os.read(told, _TOLD) if poll.poll(_EXEC_WAIT_MS) else b"it was not confined in time"
    if reason:
        zygote.kill()
        os.waitpid(zygote.pid, 0)
        raise NotStarted(reason.decode(errors="replace"))


def _become(command: tuple[str, str], failure: int, confinement: Confinement) -> NoReturn:
    """The forked process's whole life before the exec."""
    python, kind = command
    try:
        for number in (signal.SIGPIPE, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        confine(confinement)
        failure = len(confinement.descriptors) - 1
        os.execve(python, _command(python, kind), _environment(python, confinement.scratch))  # noqa: S606  # no shell is wanted
    except BaseException as error:
        os.write(failure, str(error).encode()[:_TOLD])
    finally:
        os._exit(127)


def _command(python: str, kind: str) -> list[str]:
    return [python, "-I", "-B", CHILD, kind]


def _environment(python: str, scratch: str) -> dict[str, str]:
    return {
        "HOME": scratch,
        "TMPDIR": scratch,
        "PATH": f"{os.path.dirname(python)}:/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
    }


def _unnamed(folder: str) -> int:
    """A file without a name: what lies at a path in its scratch folder, the package may have put there."""
    try:
        return os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC, 0o600)
    except OSError:
        # A file system without such files.
        return os.memfd_create("printed", os.MFD_CLOEXEC)
