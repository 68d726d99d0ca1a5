"""What an HTTP client costs the SDK: importing it, and one call of a small JSON method.

    python benchmarks/sdk_http_client.py

Prints a Markdown table, the figures of docs/decisions/0001-sdk-http-client.md. Import is the median
of new processes above that of a bare interpreter; calls go one after the other to a local server in
a process of its own, over one kept connection. A client that is not installed is left out.
"""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

SERVER = """
import asyncio
class Door(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.seen = transport, b""
    def data_received(self, data):
        self.seen += data
        while b"\\r\\n\\r\\n" in self.seen:
            head, rest = self.seen.split(b"\\r\\n\\r\\n", 1)
            length = next((int(l.split(b":")[1]) for l in head.split(b"\\r\\n")
                           if l.lower().startswith(b"content-length:")), 0)
            if len(rest) < length:
                return
            self.seen = rest[length:]
            self.transport.write(b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\n"
                                 b"Content-Length: 17\\r\\n\\r\\n\\"Hello, Unicorn!\\"")
async def main():
    server = await asyncio.get_running_loop().create_server(Door, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""
BODY = b'{"name":"Unicorn"}'
HEADERS = {"Content-Type": "application/json", "Authorization": "Bearer " + "k" * 43}


def import_ms(statement: str, rounds: int = 15) -> float:
    """Median milliseconds of a new interpreter that runs `statement`."""
    took = []
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", statement], check=True)
        took.append((time.perf_counter() - start) * 1000)
    return statistics.median(took)


def stdlib_call(port: int) -> Callable[[], bytes]:
    """One call with http.client over a kept connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port)

    def call() -> bytes:
        connection.request("POST", "/greet", BODY, HEADERS)
        return connection.getresponse().read()

    return call


def urllib3_call(port: int) -> Callable[[], bytes]:
    """One call with urllib3's pool."""
    import urllib3

    pool = urllib3.PoolManager()
    url = f"http://127.0.0.1:{port}/greet"
    return lambda: pool.urlopen("POST", url, body=BODY, headers=HEADERS, redirect=False, retries=False).data


def sdk_call(port: int) -> Callable[[], bytes]:
    """One call with the SDK's own pool over http.client."""
    from steamship.base.connections import ConnectionPool
    from steamship.base.transport import HttpRequest

    pool = ConnectionPool()
    request = HttpRequest("POST", f"http://127.0.0.1:{port}/greet", HEADERS, BODY)
    return lambda: pool.send(request).body


def httpx_call(port: int) -> Callable[[], bytes]:
    """One call with httpx's client."""
    import httpx

    client = httpx.Client(trust_env=False)
    url = f"http://127.0.0.1:{port}/greet"
    return lambda: client.post(url, content=BODY, headers=HEADERS).content


@contextlib.contextmanager
def server() -> Iterator[int]:
    """The port of a server that answers every request alike."""
    process = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


def microseconds(call: Callable[[], bytes], calls: int = 3000) -> tuple[float, float]:
    """Median and 99th percentile of one call's duration."""
    took = []
    for _ in range(calls):
        start = time.perf_counter()
        assert call() == b'"Hello, Unicorn!"'
        took.append((time.perf_counter() - start) * 1e6)
    return statistics.median(took), statistics.quantiles(took, n=100)[98]


def main() -> None:
    """Print the table."""
    bare = import_ms("pass")
    print(f"Bare interpreter: {bare:.0f} ms\n")
    print("| client | import, ms above bare | call p50, us | call p99, us |\n|---|---|---|---|")
    clients = [
        ("http.client", stdlib_call),
        ("steamship.base.connections", sdk_call),
        ("urllib3", urllib3_call),
        ("httpx", httpx_call),
    ]
    with server() as port:
        for name, make in clients:
            if importlib.util.find_spec(name) is None:
                continue
            p50, p99 = microseconds(make(port))
            print(f"| {name} | {import_ms(f'import {name}') - bare:.0f} | {p50:.0f} | {p99:.0f} |")
    for statement in ("from steamship import Steamship", "from steamship import PackageInstance"):
        print(f"\n{statement}: {import_ms(statement) - bare:.0f} ms above bare")


if __name__ == "__main__":
    main()
