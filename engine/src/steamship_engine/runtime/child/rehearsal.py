"""A few calls of nothing in a zygote: what they change in the interpreter's memory, workers need not change again.

CPython rewrites the code that it runs for what it has seen; in a worker each page of that is a copy of its own.
"""

import json
import socket
from types import SimpleNamespace
from typing import Any

from .answers import Answers
from .frames import LENGTHS, Channel
from .incoming import Incoming
from .loading import Author
from .serial import Serial

_TIMES = 32
_HEADERS = [["content-type", "application/json"], ["accept", "*/*"]]
_CALL = ["call", 1, "POST", "/nothing", "", _HEADERS, "none", "none", False]


def rehearse() -> None:
    """Answer calls as a worker does, without anything of an author's."""
    outcome = SimpleNamespace(status=200, headers=[["content-type", "text/plain"]], body=b"", error=None)
    serving = SimpleNamespace(call=lambda *_: outcome)
    output: Any = SimpleNamespace(call=0, flush=lambda: None)
    ours, theirs = socket.socketpair()
    with ours:
        channel = Channel(theirs.detach())
        incoming = Incoming(channel)
        serial = Serial(channel, output, Answers(Author(None, None, ""), serving), incoming)
        header, body = json.dumps(_CALL).encode(), b'{"name": "value"}'
        for _ in range(_TIMES):
            ours.sendall(LENGTHS.pack(len(header), len(body)) + header + body)
            serial.answer_arrived()
            ours.recv(4096)
        channel.close()
