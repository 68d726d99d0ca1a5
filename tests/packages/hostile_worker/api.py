"""Every way in which code beside the worker's loop may use the worker's socket."""

import json
import os
import socket
import struct
import threading
import time

from steamship.invocable import PackageService, post

PART = b"z" * 1024 * 1024


def send(header, body=b""):
    packed = header if isinstance(header, bytes) else json.dumps(header).encode()
    write(struct.pack(">II", len(packed), len(body)) + packed + body)


def write(content):
    view = memoryview(content)
    while view:
        view = view[os.write(3, view) :]


def receive():
    """The next frame of the engine, which the worker's loop does not see."""
    header_size, body_size = struct.unpack(">II", exactly(8))
    header = json.loads(exactly(header_size))
    exactly(body_size)
    return header


def exactly(size):
    content = b""
    while len(content) < size:
        content += os.read(3, size - len(content))
    return content


def reply(call, **changes):
    return {"type": "reply", "id": call, "status": 200, "headers": [], "more": False, "error": None, **changes}


class HostileWorker(PackageService):
    calls = 0

    @post("pid")
    def pid(self) -> int:
        self.calls += 1
        return os.getpid()

    @post("attack")
    def attack(self, what: str = "") -> str:
        self.calls += 1
        return getattr(self, what)(self.calls) or "over"

    def garbage(self, call):
        write(b"\xff" * 4096)
        time.sleep(1000)

    def half_then_silence(self, call):
        write(struct.pack(">II", 100, 1000) + b'{"type": "re')
        time.sleep(1000)

    def half_then_exit(self, call):
        write(struct.pack(">II", 100, 1000) + b'{"type": "re')
        os._exit(3)

    def four_gib_announced(self, call):
        write(struct.pack(">II", 100, 2**32 - 1) + PART)
        time.sleep(1000)

    def gigabyte_as_taken(self, call):
        """Parts, each one that the engine asked for."""
        send(reply(call, more=True), PART)
        for _ in range(1024):
            send({"type": "body", "id": call, "more": True}, PART)
            while (told := receive()["type"]) != "take":
                if told == "withdraw":
                    os._exit(0)
        send({"type": "body", "id": call, "more": False})
        time.sleep(1000)

    def gigabyte_unasked(self, call):
        send(reply(call, more=True), PART)
        while True:
            send({"type": "body", "id": call, "more": True}, PART)

    def first_part_then_silence(self, call):
        send(reply(call, more=True), PART)
        time.sleep(1000)

    def empty_parts(self, call):
        send(reply(call, more=True), PART)
        while True:
            send({"type": "body", "id": call, "more": True})

    def another_calls_reply(self, call):
        send(reply(call + 7), b"not yours")
        time.sleep(1000)

    def two_replies(self, call):
        send(reply(call), b"first")
        send(reply(call), b"second")
        time.sleep(1000)

    def reply_ahead(self, call):
        """The reply to a call that nobody has made yet."""
        threading.Timer(0.1, send, [reply(call + 1), b"stale"]).start()

    def withdrawn(self, call):
        send({"type": "withdrawn", "id": call})

    def another_calls_withdrawn(self, call):
        send({"type": "withdrawn", "id": call + 1})
        time.sleep(1000)

    def endless_log(self, call):
        while True:
            send({"type": "log", "id": call, "level": "info", "message": "spam"})

    def endless_large_log(self, call):
        message = "x" * 1_000_000
        while True:
            send({"type": "log", "id": call, "level": "info", "message": message})

    def slow_large_frame(self, call):
        header = json.dumps(reply(call)).encode()
        write(struct.pack(">II", len(header), len(PART)) + header + PART[: 1000 * 1000])
        while True:
            os.write(3, b"z")
            time.sleep(0.001)

    def huge_numbers(self, call):
        send(reply(call, took=-(10**400)))
        time.sleep(1000)

    def closes(self, call):
        os.close(3)
        time.sleep(1000)

    def shuts_down(self, call):
        socket.socket(fileno=os.dup(3)).shutdown(socket.SHUT_WR)
        time.sleep(1000)

    def nothing(self, call):
        time.sleep(1000)
