"""Heads of requests, read on the short way and on the long one. An input is a line of verb and target, then headers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from hypothesis import strategies as st

from steamship_engine.gateway import address, inbound, plain
from steamship_engine.model.errors import SteamshipError
from tests.fuzzing.target import Target
from tests.fuzzing.targets.addresses import BASES


def check(data: bytes) -> None:
    """A plain head says what the same head says to `Inbound`; what decides on it is its `place`."""
    line, *lines = data.split(b"\n")
    verb, _, target = line.partition(b" ")
    headers = [(name, value) for name, _, value in (line.partition(b": ") for line in lines)]
    found = plain.read(verb, target, [name for name, _ in headers], [value for _, value in headers])
    if found is None:
        return
    asked = _inbound(verb, target, headers)
    assert (found.verb, found.query, found.headers) == (asked.verb, asked.query, asked.for_package())
    assert found.is_head is asked.head_only
    assert asked.is_small
    given = asked.headers.get("x-request-id", "")
    assert (found.request_id == given) is (asked.request_id == given)
    assert asked.plain() is not None
    place_verb, path, host, authorization, owner, instance = found.place
    alike = _inbound(
        place_verb,
        path,
        [
            (name, value)
            for name, value in (
                (b"host", host),
                (b"authorization", authorization),
                (b"x-package-owner-handle", owner),
                (b"x-package-instance-id", instance),
            )
            if value
        ],
    )
    assert _meaning(alike) == _meaning(asked)


def _inbound(verb: bytes, target: bytes, headers: list[tuple[bytes, bytes]]) -> inbound.Inbound:
    """As uvicorn describes such a request."""
    path, _, query = target.partition(b"?")
    scope = {
        "method": verb.decode("ascii"),
        "path": unquote(path.decode("latin-1")),
        "raw_path": path,
        "query_string": query,
        "headers": [(name.lower(), value) for name, value in headers],
    }
    return inbound.Inbound(scope, None)


def _meaning(asked: inbound.Inbound) -> list[object]:
    """Whose method it calls under each kind of base, and with which key."""
    host = asked.headers.get("host", "").partition(":")[0].lower()
    told: list[object] = [asked.verb, asked.head_only]
    questions: list[Callable[[], object]] = [asked.bearer]
    questions += [
        lambda bases=bases: address.parse(host, asked.raw_path, asked.headers, bases) for bases in BASES
    ]
    for question in questions:
        try:
            told.append(question())
        except SteamshipError as error:
            told.append(error.message)
    return told


@st.composite
def _heads(draw: Callable[..., Any]) -> bytes:
    pick = st.sampled_from
    target = draw(
        pick(
            [
                "/@me/space/first/a",
                "/",
                "//a/b/c",
                "/space/first/%C3%A9",
                "*",
                "http://a/b",
                "/a/b/c#d",
                "/%ff/a/b",
            ]
        )
    )
    lines = [
        f"{draw(pick(['GET', 'POST', 'HEAD', 'OPTIONS', 'get']))} {target}{draw(pick(['', '?', '?a=1', '?a?b', '?é']))}"
    ]
    names = [
        "host", "Host", "authorization", "x-package-owner-handle", "X-Package-Instance-Id", "content-length", "content-type",
        "x-request-id", "transfer-encoding", "x-task-background", "cookie", "accept", "x-forwarded-for", "connection", "",
    ]  # fmt: skip
    contents = [
        "localhost:8080",
        "me.apps.ship.test",
        "Bearer k",
        "bearer",
        "0",
        "12",
        "65537",
        "-1",
        "+5",
        "9" * 400,
        "chunked",
        "text/plain",
        "",
        " ",
        "ü",
    ]
    lines += [f"{draw(pick(names))}: {draw(pick(contents))}" for _ in range(draw(st.integers(0, 5)))]
    return "\n".join(lines).encode("latin-1")


TARGET = Target("plain_heads", check, _heads(), (plain, inbound))
