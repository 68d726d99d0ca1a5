"""Clients as packages have them, run in a worker's network: `python internet_clients.py LIBRARY`, requests on stdin.

Stands alone: it runs under the original SDK's interpreter too, which has `requests` and `aiohttp`.
"""

from __future__ import annotations

import json
import socket
import sys
from typing import Any

_BODY_SHOWN = 5_000
_WAIT_S = 20


def _urllib(wanted: dict[str, Any]) -> dict[str, Any]:
    import urllib.error
    import urllib.request

    asked = urllib.request.Request(
        wanted["url"], headers=wanted.get("headers", {}), method=wanted.get("verb")
    )
    if "body" in wanted:
        asked.data = wanted["body"].encode()
    try:
        with urllib.request.urlopen(asked, timeout=_WAIT_S) as answer:
            return _outcome(answer.status, answer.read(), dict(answer.headers))
    except urllib.error.HTTPError as error:
        with error:
            return _outcome(error.code, error.read(), dict(error.headers))


def _requests(wanted: dict[str, Any]) -> dict[str, Any]:
    import requests  # type: ignore[import-untyped]  # of another interpreter

    answer = requests.request(
        wanted.get("verb", "GET"),
        wanted["url"],
        data=wanted.get("body"),
        headers=wanted.get("headers"),
        timeout=_WAIT_S,
    )
    return _outcome(answer.status_code, answer.content, dict(answer.headers))


def _httpx(wanted: dict[str, Any]) -> dict[str, Any]:
    import httpx

    with httpx.Client(follow_redirects=True, timeout=_WAIT_S) as client:
        answer = client.request(
            wanted.get("verb", "GET"),
            wanted["url"],
            content=wanted.get("body"),
            headers=wanted.get("headers"),
        )
        return _outcome(answer.status_code, answer.content, dict(answer.headers))


def _aiohttp(wanted: dict[str, Any]) -> dict[str, Any]:
    import asyncio

    import aiohttp  # type: ignore[import-not-found]  # of another interpreter

    async def ask() -> dict[str, Any]:
        async with aiohttp.ClientSession(trust_env=True) as session:
            asking = session.request(
                wanted.get("verb", "GET"),
                wanted["url"],
                data=wanted.get("body"),
                headers=wanted.get("headers"),
            )
            async with asking as answer:
                return _outcome(answer.status, await answer.read(), dict(answer.headers))

    return asyncio.run(ask())


def _raw(wanted: dict[str, Any]) -> dict[str, Any]:
    """Bytes as Latin-1 text to a port of the worker's own network; all that comes back."""
    with socket.create_connection(("127.0.0.1", wanted["port"]), _WAIT_S) as connection:
        connection.sendall(wanted["send"].encode("latin-1"))
        if wanted.get("ends"):
            connection.shutdown(socket.SHUT_WR)
        said = b""
        while wanted.get("until", "\0").encode() not in said:
            part = connection.recv(65536)
            if not part:
                break
            said += part
    return {"said": said.decode("latin-1")}


def _outcome(status: int, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
    lowered = {name.lower(): value for name, value in headers.items()}
    return {
        "status": status,
        "size": len(body),
        "body": body[:_BODY_SHOWN].decode("utf-8", "replace"),
        "headers": lowered,
        "why": lowered.get("x-steamship-refused"),
    }


LIBRARIES = {"urllib": _urllib, "requests": _requests, "httpx": _httpx, "aiohttp": _aiohttp, "raw": _raw}


def _tried(library: str, wanted: dict[str, Any]) -> dict[str, Any]:
    try:
        return LIBRARIES[library](wanted)
    except Exception as error:
        return {"error": type(error).__name__, "said": str(error)}


if __name__ == "__main__":
    print(json.dumps([_tried(sys.argv[1], wanted) for wanted in json.load(sys.stdin)]))  # noqa: T201
