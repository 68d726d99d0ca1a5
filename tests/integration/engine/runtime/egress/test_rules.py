"""The proxy's rules, asked in bytes, with an internet that would answer at every address."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.internet import SITE, SITE_6, Internet
from tests.services.internet_world import OWN

PROXY = 3128


def _asked(net: Internet, *requests: str, **more: Any) -> list[str]:
    return [
        found["said"]
        for found in net.fetch("raw", *({"port": PROXY, "send": text, **more} for text in requests))
    ]


def _connect(target: str, rest: str = "") -> str:
    return f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n{rest}"


def _get(url: str, rest: str = "") -> str:
    return f"GET {url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{rest}\r\n"


def _why(answer: str) -> tuple[str, str | None]:
    """The status, and the word of the refusal."""
    head, _, _ = answer.partition("\r\n\r\n")
    words = [line.partition(": ")[2] for line in head.split("\r\n") if line.startswith("x-steamship-refused")]
    return head[9:12], words[0] if words else None


LITERALS = {
    "127.0.0.1": "loopback-address",
    "127.8.8.8": "loopback-address",
    "0.0.0.0": "unspecified-address",
    "169.254.10.10": "link-local-address",
    "169.254.169.254": "metadata-address",
    "10.1.2.3": "private-address",
    "172.20.0.1": "private-address",
    "192.168.1.1": "private-address",
    "100.100.1.1": "shared-address",
    "224.0.0.251": "multicast-address",
    "255.255.255.255": "broadcast-address",
    "240.1.1.1": "reserved-address",
    "203.0.113.1": "reserved-address",
    OWN: "own-address",
    "[::1]": "loopback-address",
    "[::]": "unspecified-address",
    "[fe80::1]": "link-local-address",
    "[fd00::1]": "private-address",
    "[fd00:ec2::254]": "metadata-address",
    "[ff02::1]": "multicast-address",
    "[2001:db8::1]": "reserved-address",
    "[::ffff:127.0.0.1]": "loopback-address",
    "[::ffff:7f00:1]": "loopback-address",
    "[0:0:0:0:0:ffff:a9fe:a9fe]": "metadata-address",
    "[::127.0.0.1]": "loopback-address",
    "[::ffff:93.184.216.34]": "tunnel-address",
    "[64:ff9b::10.0.0.1]": "private-address",
    "[2002:7f00:1::1]": "loopback-address",
    "[2001:0:7f00:1::]": "loopback-address",
    "127.1": "odd-address",
    "0x7f000001": "odd-address",
    "2130706433": "odd-address",
    "0177.0.0.1": "odd-address",
    "[fe80::1%25m0]": "odd-address",
    "[::1%lo]": "odd-address",
    "user@93.184.216.34": "user-in-address",
    "93.184.216.34:443@127.0.0.1": "user-in-address",
    "exam%70le.test": "odd-host",
}


def test_addresses_of_every_class_are_refused_in_both_forms(net: Internet) -> None:
    """As a tunnel and as a plain request, however they are spelt; nobody sees a connection, and each refusal is told."""
    before = net.told()["internet"]
    tunnels = _asked(net, *(_connect(f"{host}:9000") for host in LITERALS))
    plain = _asked(net, *(_get(f"http://{host}:9000/") for host in LITERALS))
    wanted = [("403", why) for why in LITERALS.values()]
    assert [_why(answer) for answer in tunnels] == wanted
    assert [_why(answer) for answer in plain] == wanted
    told = net.told()
    assert (told["machine"], told["internet"], told["asked"]) == ([], before, [])
    assert [why for _, _, why, _ in told["denied"]] == [*LITERALS.values(), *LITERALS.values()]
    assert told["denied"][0][:2] == ["internet", "127.0.0.1:9000"]


def test_names_of_refused_addresses_are_refused_without_telling_them(net: Internet) -> None:
    """Whatever a resolver answers is looked at; what an inner name stands for is not told."""
    inner = {
        "loop": "127.0.0.1", "meta": "169.254.169.254", "inner": "10.7.7.7", "six": "fd00::7", "own": OWN,
        "mapped": "::ffff:10.7.7.7",
    }  # fmt: skip
    net.names(**{name: [address] for name, address in inner.items()})
    answers = _asked(net, *(_connect(f"{name}.test:443") for name in inner))
    assert [_why(answer)[1] for answer in answers] == [
        "loopback-address",
        "metadata-address",
        "private-address",
        "private-address",
        "own-address",
        "private-address",
    ]
    assert not any(address in answer for answer, address in zip(answers, inner.values(), strict=True))


def test_one_refused_address_among_others_refuses_them_all(net: Internet) -> None:
    """A name with a public and an inner address is somebody's trick, whichever comes first."""
    net.names(first=[SITE, "10.0.0.1"], last=["10.0.0.1", SITE], both=[SITE, SITE_6])
    first, last, both = _asked(
        net, *(_connect(f"{name}.test:80") for name in ("first", "last", "both")), until="\r\n\r\n"
    )
    assert (_why(first), _why(last)) == (("403", "private-address"), ("403", "private-address"))
    assert both.startswith("HTTP/1.1 200 ")


def test_an_answer_that_changes_is_asked_for_once(net: Internet) -> None:
    """What was looked at is what is connected to: the next answer counts for the next request alone."""
    net.names(turns=[[SITE], ["127.0.0.1"], [SITE], ["10.0.0.1"]])
    answers = _asked(net, *[_get("http://turns.test:80/")] * 4)
    assert [_why(answer) for answer in answers] == [
        ("200", None),
        ("403", "loopback-address"),
        ("200", None),
        ("403", "private-address"),
    ]
    told = net.told()
    assert told["asked"] == ["turns.test"] * 4
    assert told["machine"] == []


def test_requests_on_one_connection_are_each_looked_at(net: Internet) -> None:
    """A connection that has had a public answer has no more rights than a new one."""
    net.names(site=[SITE])
    (answer,) = _asked(
        net,
        "GET http://site.test/ HTTP/1.1\r\nHost: x\r\n\r\n"
        "GET http://127.0.0.1:9000/ HTTP/1.1\r\nHost: x\r\n\r\n"
        "GET http://site.test/ HTTP/1.1\r\nHost: x\r\n\r\n",
    )
    assert answer.count("HTTP/1.1 200 ") == 1
    assert answer.count("HTTP/1.1 403 ") == 1
    assert answer.endswith("it is a loopback address.\n")


def test_the_target_decides_and_not_the_host_header(net: Internet) -> None:
    """The server is told the host that was looked at, once."""
    net.names(site=[SITE])
    (answer,) = _asked(
        net, "GET http://site.test:8080/echo HTTP/1.1\r\nHost: other.test\r\nConnection: close\r\n\r\n"
    )
    assert '["host", "site.test:8080"]' in answer
    assert "other.test" not in answer


def test_what_is_for_the_proxy_stays_with_it(net: Internet) -> None:
    """Keys for the proxy and fields of the hop reach no server; those of the request do."""
    net.names(site=[SITE])
    fields = (
        "Proxy-Authorization: Basic c2VjcmV0\r\nProxy-Connection: keep-alive\r\nTE: trailers\r\nX-Hop: 1\r\n"
        "Connection: X-Hop\r\nUpgrade: h2c\r\nAuthorization: Bearer mine\r\nX-Kept: yes\r\n"
    )
    (answer,) = _asked(net, _get("http://site.test/echo", fields))
    assert "c2VjcmV0" not in answer
    for name in ("proxy-connection", '"te"', "x-hop", "upgrade"):
        assert name not in answer
    assert '["authorization", "Bearer mine"]' in answer and '["x-kept", "yes"]' in answer


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ("GET / HTTP/1.1\r\nHost: site.test\r\n\r\n", "400"),
        ("GET  http://site.test/ HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
        ("GET http://site.test/ HTTP/1.1\r\nHost : x\r\n\r\n", "400"),
        ("GET http://site.test/ HTTP/1.1\r\n\r\n", "400"),
        ("GET http://site.test/a b HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
        ("POST http://site.test/ HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"),
        ("POST http://site.test/ HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "400"),
        ("POST http://site.test/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n", "501"),
        ("POST http://site.test/ HTTP/1.1\r\nHost: x\r\nContent-Length: 0x3\r\n\r\nabc", "400"),
        ("CONNECT site.test:443 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", "400"),
        ("CONNECT site.test HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
        ("CONNECT http://site.test/ HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
        ("\x16\x03\x01\x02\x00\x01\r\n\r\n", "400"),
        ("GET http://site.test/ HTTP/1.1\r\nHost: x\r\nX: " + "a" * 200_000 + "\r\n\r\n", "431"),
    ],
)  # fmt: skip
def test_what_can_be_read_in_two_ways_is_refused(net: Internet, request_: str, status: str) -> None:
    """Two lengths, blanks where none belong, and what is no request to a proxy; the connection ends with the answer."""
    net.names(site=[SITE])
    before = net.told()["internet"]
    (answer,) = _asked(net, request_, ends=True)
    assert answer[9:12] == status, answer
    assert answer.count("HTTP/1.1 ") == 1
    assert net.told()["internet"] == before


def test_what_follows_a_body_is_the_next_request(net: Internet) -> None:
    """A body is framed anew, so what a server would take for a second request stays in it."""
    net.names(site=[SITE])
    hidden = "GET /hidden HTTP/1.1\r\nHost: site.test\r\n\r\n"
    (answer,) = _asked(
        net,
        "POST http://site.test/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        f"{len(hidden):x}\r\n{hidden}\r\n0\r\nX-Trailer: t\r\n\r\n",
    )
    assert answer.count("HTTP/1.1 200 ") == 1
    assert '"body": "GET /hidden HTTP/1.1' in answer
    assert "x-trailer" not in answer.lower()


def test_servers_that_fail_are_told_apart(net: Internet) -> None:
    """Unknown names, closed ports and answers that are no HTTP are 502, and count as failures, not as refusals."""
    net.names(site=[SITE])
    before = net.told()["counts"]
    answers = _asked(
        net,
        _connect("nobody.test:443"),
        _connect("site.test:4444"),
        _get("http://nobody.test/"),
        _get("http://site.test/no-http"),
    )
    assert [_why(answer) for answer in answers] == [
        ("502", "unresolved"),
        ("502", "unreachable"),
        ("502", "unresolved"),
        ("502", "broken-answer"),
    ]
    passed, refused, failed = (now - then for now, then in zip(net.told()["counts"], before, strict=True))
    assert (passed, refused, failed) == (0, 0, 4)


def test_answers_are_framed_anew(net: Internet) -> None:
    """An answer that breaks off arrives broken; one with two lengths has one; hints on the way are left out."""
    net.names(site=[SITE])
    short, two, end, hints = _asked(
        net, *(_get(f"http://site.test/{path}") for path in ("short", "two-lengths", "open-end", "hints"))
    )
    assert short.endswith("ten bytes.") and "content-length: 100" in short
    assert "content-length" not in two and two.endswith("5\r\nhello\r\n0\r\n\r\n")
    assert end.endswith("d\r\nuntil the end\r\n0\r\n\r\n")
    assert hints.startswith("HTTP/1.1 204 ") and "103" not in hints


def test_an_answer_before_the_bodys_end_arrives(net: Internet) -> None:
    """A server may refuse a body that it has not read."""
    net.names(site=[SITE])
    (answer,) = _asked(
        net,
        "POST http://site.test/early HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n" + "x" * 100_000,
    )
    assert answer.startswith("HTTP/1.1 413 ") and answer.endswith("too much")


def test_a_client_that_waits_to_send_is_told_to(net: Internet) -> None:
    """`Expect: 100-continue` is the proxy's to answer."""
    net.names(site=[SITE])
    (answer,) = _asked(
        net,
        _get("http://site.test/echo", "Expect: 100-continue\r\nContent-Length: 5\r\n").replace("GET", "POST"),
        until="100 Continue\r\n\r\n",
    )
    assert answer.startswith("HTTP/1.1 100 ")


def test_bytes_are_counted(net: Internet) -> None:
    """What went to others and came from them, in tunnels and without; what the engine itself got is no egress."""
    net.names(site=[SITE])
    before = net.told()["bytes"]
    net.fetch("urllib", "http://apps.test/x", "http://localhost:8080/")
    assert net.told()["bytes"] == before
    net.fetch("urllib", "https://site.test/big?size=1000000", "http://site.test/big?size=1000000")
    sent, received = (now - then for now, then in zip(net.told()["bytes"], before, strict=True))
    assert 500 < sent < 20_000
    assert 2_000_000 < received < 2_200_000


def test_nothing_is_left_open(net: Internet) -> None:
    """When clients have gone, so have their connections."""
    net.names(site=[SITE])
    _asked(net, _connect("site.test:80"), _connect("site.test:80", "GET / HTTP/1.1\r\n"), until="\r\n\r\n")
    for _ in range(100):
        if net.told()["connections"] == 0:
            return
    raise AssertionError("connections are left open")
