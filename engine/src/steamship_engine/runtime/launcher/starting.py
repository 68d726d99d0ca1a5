"""Starting a zygote: fork, confine, exec of the environment's interpreter."""

import os
import select
import signal
import socket
import time
from collections.abc import Callable
from typing import Any, NoReturn

from steamship_engine.runtime.launcher import checks, packets, views
from steamship_engine.runtime.launcher.confine import Confinement, confine, take_descriptors
from steamship_engine.runtime.launcher.lives import Zygote
from steamship_engine.runtime.launcher.sandbox import Sandbox

CHILD = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "child", "__main__.py")
_EXEC_WAIT = 5.0
_TOLD = 4096


class NotStarted(Exception):
    """The zygote did not come to life."""


def start(
    zygote: Zygote, sandbox: Sandbox, order: dict[str, Any], channel: int, control: socket.socket
) -> None:
    """Start the process of `zygote`, with its ends of the two sockets, as the engine's order says. Raises NotStarted."""
    opened: list[int] = []
    try:
        for _ in range(2):
            zygote.printed = (*zygote.printed, _unnamed(order["place"]))
        opened.append(os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC))
        opened += os.pipe2(os.O_CLOEXEC)
        opened += os.pipe2(os.O_CLOEXEC)
    except OSError as error:
        packets.close(opened)
        raise NotStarted(str(error)) from error
    nothing, told, failure, going, go = opened
    descriptors = (nothing, *zygote.printed, channel, control.fileno(), going, failure)
    confinement = Confinement(
        sandbox=sandbox,
        launcher=os.getpid(),
        place=order["place"],
        reads=tuple(order["reads"]),
        network=order["network"],
        users=zygote.users,
        limits=zygote.limits,
        groups=tuple(order["groups"]),
        descriptors=descriptors,
    )
    try:
        pid = os.fork()
        if pid == 0:
            _become(zygote, (order["python"], order["kind"]), failure, confinement)
        os.close(failure)
        failure = -1
        _Start(zygote, pid, told, go).watch(lambda: _looked_at(zygote, sandbox, order["network"]))
    except OSError as error:
        raise NotStarted(str(error)) from error
    finally:
        for descriptor in (nothing, told, going, go, *((failure,) if failure >= 0 else ())):
            os.close(descriptor)


def _looked_at(zygote: Zygote, sandbox: Sandbox, network: bool) -> None:
    """Remember what the zygote sees before it is the author's. Raises NotStarted when that is too much."""
    if sandbox.namespaces:
        zygote.view = views.look(zygote.pid)
        zygote.files = views.unwritable(zygote.view)
    problems = checks.of_confinement(zygote, sandbox, network=network)
    if problems:
        raise NotStarted(", ".join(problems))


class _Start:
    """What comes over the pipe `told`: the zygote's process id, then that it is confined, then its end by the exec.

    Whatever else comes is the reason why there is none.
    """

    def __init__(self, zygote: Zygote, forked: int, told: int, go: int) -> None:
        self._zygote, self._forked, self._told, self._go = zygote, forked, told, go
        self._poll = select.poll()
        self._poll.register(told, select.POLLIN)
        self._deadline = time.monotonic() + _EXEC_WAIT

    def watch(self, look: Callable[[], None]) -> None:
        """Wait for the exec; `look` is called before it. Raises NotStarted, and nothing is left then."""
        pid = self._forked
        try:
            first = self._line()
            if not first.isdigit():
                raise NotStarted(first or "it ended early")
            pid = int(first)
            self._zygote.watch(pid)
            if (second := self._line()) != "confined":
                raise NotStarted(second or "it ended early")
            look()
            os.write(self._go, b"!")
            if reason := self._line():
                raise NotStarted(reason)
        except BaseException:
            for each in {self._forked, pid}:
                os.kill(each, signal.SIGKILL)
                os.waitpid(each, 0)
            raise
        if pid != self._forked:
            os.waitpid(self._forked, 0)

    def _line(self) -> str:
        """The next line, or what there is of one at the end. Raises NotStarted when it takes too long."""
        said = b""
        while not said.endswith(b"\n"):
            if not self._poll.poll(max(self._deadline - time.monotonic(), 0) * 1000):
                raise NotStarted("it was not confined in time")
            part = os.read(self._told, 1)
            if not part:
                break
            said += part
        return said.decode(errors="replace").strip()


def _become(zygote: Zygote, command: tuple[str, str], failure: int, confinement: Confinement) -> NoReturn:
    """The forked process's whole life before the exec."""
    python, kind = command
    try:
        for number in (signal.SIGPIPE, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        take_descriptors(confinement)
        failure = confinement.told
        confine(confinement)
        words, variables = (
            _command(python, kind, confinement),
            _environment(python, zygote.scratch, confinement),
        )
        os.execve(python, words, variables)  # noqa: S606  # no shell is wanted
    except BaseException as error:
        os.write(failure, str(error).encode()[:_TOLD])
    finally:
        os._exit(127)


def _command(python: str, kind: str, confinement: Confinement) -> list[str]:
    sandbox = confinement.sandbox
    layers = (sandbox.namespaces, sandbox.landlock, bool(confinement.users.first))
    words = [str(int(layer)) for layer in layers]
    return [python, "-I", "-B", CHILD, kind, *words, sandbox.workers_calls.hex()]


def _environment(python: str, scratch: str, confinement: Confinement) -> dict[str, str]:
    return {
        **(dict(confinement.sandbox.environment) if confinement.network else {}),
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
