"""A worker's life: load the author's class, then answer calls until the engine is gone."""

import contextlib
import gc
import json
import os
import threading
import traceback
from typing import Any

from . import linux, loading, original, records
from .answers import Answers
from .frames import BODY, Channel, Closed
from .incoming import Incoming
from .output import Output
from .rehearsal import rehearse
from .serial import Serial


def run(descriptor: int, author: "loading.Author | None" = None) -> None:
    """Serve the engine at the other end of the socket until it closes; then end the process.

    Without an `author` the bundle is imported when the engine says which.
    """
    _die_with_parent()
    channel = Channel(descriptor)
    output = Output(channel)
    with contextlib.suppress(Closed):
        try:
            _Worker(channel, output, author).serve()
        except Closed:
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            output.flush()
    os._exit(1)


def prepare(author: loading.Author) -> None:
    """Make in a zygote what its workers will need, so that they share it."""
    warm = getattr(author.sdk, "warm", None)
    if warm is not None:
        warm(author.cls)
    rehearse()
    if _slots(author, None) > 1:
        from . import evented  # noqa: F401


def _die_with_parent() -> None:
    """The worker dies with the process that made it, and what the author's main thread forks dies with the worker.

    For the kernel the parent is the thread: a child of a thread that ends early would die with that.
    """
    main = threading.main_thread().ident
    forking = [0]

    def before() -> None:
        forking[0] = os.getpid() if threading.get_ident() == main else 0

    def after() -> None:
        if not forking[0]:
            return
        linux.die_with_parent()
        if os.getppid() != forking[0]:
            # The parent died in between, and its death will not be told again.
            os._exit(1)

    linux.die_with_parent()
    os.register_at_fork(before=before, after_in_child=after)


def _slots(author: loading.Author, wanted: "int | None") -> int:
    """How many calls run at once: as many as are wanted, else as the class admits."""
    admits = getattr(author.sdk, "slots", None)
    if admits is None:
        return 1
    return wanted or int(admits(author.cls))


class _Worker:
    """One instance's code, or a version's that is only described."""

    def __init__(self, channel: Channel, output: Output, author: "loading.Author | None") -> None:
        self._channel, self._output = channel, output
        self._author = author
        if author is not None:
            records.install(output)

    def serve(self) -> None:
        """Load, describe if asked to, answer calls. Raises Closed."""
        while True:
            header, _ = self._channel.receive()
            kind = header["type"]
            if kind == "load":
                calls = self._answer_or_refuse(self._load, header)
                if calls is not None:
                    calls.serve()
            elif kind == "describe":
                self._answer_or_refuse(self._describe, header)
            elif kind == "try":
                self._answer_or_refuse(self._try, header)
            elif kind == "build":
                self._build(header)

    def _answer_or_refuse(self, work: Any, header: "dict[str, Any]") -> Any:
        """Send what `work` answers; gives what it made."""
        try:
            answer, body, made = work(header)
        except loading.Refused as refused:
            answer = {
                "type": "refused",
                "code": refused.code,
                "message": refused.message,
                "details": refused.details,
            }
            body, made = b"", None
        self._output.flush()
        self._channel.send(answer, body)
        return made

    def _load(self, header: "dict[str, Any]") -> "tuple[dict[str, Any], bytes, Any]":
        if self._author is None:
            self._author = self._imported(header)
            # What was imported stays; looking through it at every collection costs a third of a small call.
            gc.collect()
            gc.freeze()
        author = self._author
        os.chdir(author.code)
        if header["instance"] is None:
            return {"type": "loaded", "slots": 1}, b"", None
        calls, slots = self._calls(author, header)
        return {"type": "loaded", "slots": slots}, b"", calls

    def _imported(self, header: "dict[str, Any]") -> loading.Author:
        code = os.path.abspath(header["code"])
        if header["kind"] == "original":
            return loading.Author(*original.load(code, header.get("handler"), self._output), code)
        records.install(self._output)
        return loading.Author(*loading.load(code), code)

    def _calls(self, author: loading.Author, header: "dict[str, Any]") -> "tuple[Any, int]":
        """What answers the instance's calls, and how many at once."""
        wanted = header["concurrency"]
        answers = Answers(author, author.sdk.Serving(author.cls, header["instance"]))
        incoming = Incoming(self._channel)
        slots = _slots(author, wanted)
        if slots == 1 and _slots(author, None) == 1:
            return Serial(self._channel, self._output, answers, incoming), 1
        from .evented import Evented

        threads = wanted if wanted is not None and wanted > 1 else 0
        return Evented(self._channel, self._output, answers, incoming, slots=slots, threads=threads), slots

    def _try(self, header: "dict[str, Any]") -> "tuple[dict[str, Any], bytes, Any]":
        from . import trials

        return {"type": "tried", "problems": trials.run(header)}, b"", None

    def _build(self, header: "dict[str, Any]") -> None:
        from . import building

        building.run(self._channel, header)

    def _describe(self, _: "dict[str, Any]") -> "tuple[dict[str, Any], bytes, Any]":
        """The class's description. Raises Refused."""
        assert self._author is not None
        description = loading.describe(*self._author)
        try:
            body = json.dumps(description, allow_nan=False).encode("utf-8")
        except (TypeError, ValueError, RecursionError) as error:
            raise loading.Refused("Definition", f"The class's description is not JSON: {error}") from error
        if len(body) > BODY:
            message = f'The class\'s description has "{len(body)}" bytes; at most {BODY} are allowed.'
            raise loading.Refused("Definition", message)
        return {"type": "description"}, body, None
