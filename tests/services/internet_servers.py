"""The internet of a test: whoever is asked for, at whatever address, answers here, and every connection is counted."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

PLAIN, SEALED = (80, 8080, 22, 25, 6379), (443, 8443)

came: Counter[str] = Counter()
"""Connections by the address and port that they were made to."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        body = self._read()
        if parts.path == "/redirect":
            self._answer(302, b"", {"Location": query["to"]})
        elif parts.path == "/echo":
            told = {
                "verb": self.command,
                "path": self.path,
                "headers": [[name.lower(), value] for name, value in self.headers.items()],
                "body": body.decode("latin-1"),
            }
            self._answer(200, json.dumps(told).encode(), {"Content-Type": "application/json"})
        elif parts.path == "/big":
            self._big(int(query["size"]))
        elif parts.path == "/early":
            self._answer(413, b"too much", {"Connection": "close"})
            while self.rfile.read1(65_536):  # to close on what is still coming would take the answer away
                pass
        elif parts.path in _BROKEN:
            self.wfile.write(_BROKEN[parts.path])
            self.close_connection = True
        else:
            self._answer(200, f"hello from {_place(self.connection)}".encode(), {})

    do_POST = do_HEAD = do_PUT = do_GET

    def log_message(self, *_: Any) -> None:
        pass

    def _read(self) -> bytes:
        if self.path == "/early":
            return b""
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body)), "Keep-Alive": "timeout=5"} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _big(self, size: int) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        part = b"x" * 50_000
        for at in range(0, size, len(part)):
            now = part[: size - at]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(now), now))
        self.wfile.write(b"0\r\n\r\n")


_BROKEN = {
    "/short": b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nten bytes.",
    "/two-lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n0\r\n\r\n",
    "/no-http": b"SSH-2.0-something\r\n\r\n",
    "/open-end": b"HTTP/1.1 200 OK\r\n\r\nuntil the end",
    "/hints": b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
}


class _Server(ThreadingHTTPServer):
    address_family = socket.AF_INET6
    daemon_threads = True
    context: ssl.SSLContext | None = None

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.socket.bind(self.server_address)

    def finish_request(self, request: Any, client_address: Any) -> None:
        came[_place(request)] += 1
        if self.context is not None:
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def handle_error(self, *_: Any) -> None:
        pass


def serve(certificate: Path) -> None:
    """Listen on every address. `certificate` is a file with it and its key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    for port in (*PLAIN, *SEALED):
        server = _Server(("::", port), _Handler)
        server.context = context if port in SEALED else None
        threading.Thread(target=server.serve_forever, daemon=True).start()


def _place(connection: socket.socket) -> str:
    host, port = connection.getsockname()[:2]
    return f"{host.removeprefix('::ffff:')} {port}"
