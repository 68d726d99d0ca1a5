import json
import os
import struct
import time

from steamship.invocable import PackageService, post


def frame(header: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">II", len(header), len(body)) + header + body


def reply(**changes) -> bytes:
    header = {"type": "reply", "id": 1, "status": 200, "headers": [], "more": False, "error": None, **changes}
    return json.dumps(header).encode()


SENT = {
    "garbage": b"\xff" * 64,
    "not_json": frame(b"{never"),
    "not_utf8": frame(b'{"type": "\xff"}'),
    "nan": frame(b'{"type": "loaded", "x": NaN}'),
    "deep": frame(b"[" * 100_000),
    "unknown_type": frame(b'{"type": "hello"}'),
    "unknown_field": frame(reply(extra=1)),
    "no_object": frame(b"[1]"),
    "long_header": struct.pack(">II", 2**32 - 1, 0),
    "long_body": struct.pack(">II", 2, 2**32 - 1) + b"{}",
    "wrong_id": frame(reply(id=99)),
    "wrong_status": frame(reply(status=99)),
    "header_injection": frame(reply(headers=[["x-a", "1\r\nset-cookie: a=b"]])),
    "odd_header_name": frame(reply(headers=[["x a", "1"]])),
    "body_first": frame(b'{"type": "body", "id": 1, "more": false}'),
    "out_of_turn": frame(b'{"type": "loaded"}'),
    "surrogate": frame(b'{"type": "log", "id": 1, "level": "info", "message": "\\ud800"}'),
}


class HostileFrames(PackageService):
    @post("send")
    def send(self, what: str = "") -> str:
        os.write(3, SENT[what])
        time.sleep(1000)
        return "never"

    @post("partial")
    def partial(self) -> str:
        os.write(3, struct.pack(">II", 100, 0) + b'{"type"')
        os._exit(0)

    @post("two_replies")
    def two_replies(self) -> str:
        os.write(3, frame(reply()))
        return "second"

    @post("close")
    def close(self) -> str:
        os.close(3)
        time.sleep(1000)
        return "never"

    @post("endless_body")
    def endless_body(self) -> str:
        os.write(3, frame(reply(more=True)))
        part = frame(b'{"type": "body", "id": 1, "more": true}', b"z" * 65536)
        while True:
            sent = 0
            while sent < len(part):
                sent += os.write(3, part[sent:])

    @post("log_flood")
    def log_flood(self, count: int = 0) -> str:
        line = frame(b'{"type": "log", "id": 1, "level": "info", "message": "spam"}')
        for _ in range(count):
            os.write(3, line)
        return "done"
