"""A worker's life: load the author's class, then answer one call after the other."""

import contextlib
import ctypes
import json
import os
import signal
import threading
import traceback
from typing import Any

from . import arguments, loading, original, records, replies
from .frames import BODY, Channel, Closed
from .output import Output

_PR_SET_PDEATHSIG = 1


def run(descriptor: int) -> None:
    """Serve the engine at the other end of the socket until it closes; then end the process."""
    _die_with_parent()
    channel = Channel(descriptor)
    output = Output(channel)
    with contextlib.suppress(Closed):
        try:
            Worker(channel, output).serve()
        except Closed:
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            output.flush()
    os._exit(1)


def _die_with_parent() -> None:
    """The worker dies with the engine, and what the author's main thread forks dies with the worker.

    For the kernel the parent is the thread: a child of a thread that ends early would die with that.
    """
    prctl = ctypes.CDLL(None).prctl
    main = threading.main_thread().ident
    forking = [0]

    def before() -> None:
        forking[0] = os.getpid() if threading.get_ident() == main else 0

    def after() -> None:
        if not forking[0]:
            return
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != forking[0]:
            # The parent died in between, and its death will not be told again.
            os._exit(1)

    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.register_at_fork(before=before, after_in_child=after)


class Worker:
    """One instance's code, or a version's that is only described."""

    def __init__(self, channel: Channel, output: Output) -> None:
        self._channel, self._output = channel, output
        self._pid = os.getpid()
        self._code = ""
        self._sdk: Any = None
        self._cls: Any = None
        self._serving: Any = None

    def serve(self) -> None:
        """Answer frames until the engine is gone. Raises Closed."""
        while True:
            header, body = self._channel.receive()
            kind = header["type"]
            if kind == "call":
                self._call(header, body)
            elif kind == "load":
                self._answer_or_refuse(lambda header=header: self._load(header))
            elif kind == "describe":
                self._answer_or_refuse(self._describe)

    def _answer_or_refuse(self, work: Any) -> None:
        try:
            header, body = work()
        except loading.Refused as refused:
            header, body = self._refused(refused.code, refused.message, refused.details), b""
        self._stay_alone()
        self._output.flush()
        self._channel.send(header, body)

    def _load(self, header: "dict[str, Any]") -> "tuple[dict[str, Any], bytes]":
        self._code = os.path.abspath(header["code"])
        if header["kind"] == "original":
            self._sdk, self._cls = original.load(self._code, header.get("handler"), self._output)
        else:
            records.install(self._output)
            self._sdk, self._cls = loading.load(self._code)
        if header.get("instance") is not None:
            self._serving = self._sdk.Serving(self._cls, header["instance"])
        return {"type": "loaded"}, b""

    def _describe(self) -> "tuple[dict[str, Any], bytes]":
        description = loading.describe(self._sdk, self._cls, self._code)
        try:
            body = json.dumps(description, allow_nan=False).encode("utf-8")
        except (TypeError, ValueError, RecursionError) as error:
            return self._refused("Definition", f"The class's description is not JSON: {error}", None), b""
        if len(body) > BODY:
            message = f'The class\'s description has "{len(body)}" bytes; at most {BODY} are allowed.'
            return self._refused("Definition", message, None), b""
        return {"type": "description"}, body

    def _refused(self, code: str, message: str, details: "str | None") -> "dict[str, Any]":
        return {"type": "refused", "code": code, "message": message, "details": details}

    def _call(self, header: "dict[str, Any]", body: bytes) -> None:
        whole = self._channel.receive_all(header, body)
        if whole is None:
            return
        self._output.call = header["id"]
        reply, content = self._answer(header, whole)
        self._stay_alone()
        self._output.flush()
        self._channel.send_all({"type": "reply", "id": header["id"], **reply}, content)
        self._output.call = 0

    def _answer(self, header: "dict[str, Any]", body: bytes) -> "tuple[dict[str, Any], bytes]":
        verb, path = header["verb"], header["path"]
        as_text = isinstance(self._sdk, original.Original)
        try:
            values, untyped = arguments.decode(
                verb, header["query"], header["headers"], body, files_as_text=as_text
            )
        except arguments.BadRequest as error:
            return replies.failed(400, "InvalidRequest", error.message, suggestion=error.suggestion), b""
        context = {
            "key": header["key"],
            "requestId": header["requestId"],
            "headers": dict(header["headers"]),
        }
        try:
            outcome = self._serving.call(verb, path, values, untyped, context)
            if not isinstance(outcome.body, bytes):
                raise TypeError(f"the SDK answered {type(outcome.body).__name__} for a body")
            if outcome.error is not None:
                return replies.failed(outcome.status, **outcome.error), outcome.body
            return replies.succeeded(outcome.status, outcome.headers), outcome.body
        except BaseException as error:
            message = f"[ERROR - {verb} {path}] {type(error).__name__}: {error}"
            details = loading.details(error, self._code)
            return replies.failed(500, "PackageError", message, details=details), b""

    def _stay_alone(self) -> None:
        """End a process that the author's code forked and let run on: there is one worker only."""
        if os.getpid() != self._pid:
            os._exit(0)
