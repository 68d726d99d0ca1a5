"""What the proxy reads as a target, and what it refuses to read."""

from __future__ import annotations

import re

import pytest

from steamship_engine.runtime.egress.refusal import RefusalError
from steamship_engine.runtime.egress.targets import check_port, of_connect, of_url


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("example.com:443", "example.com", 443),
        ("EXAMPLE.com:8443", "example.com", 8443),
        ("example.com.:443", "example.com", 443),
        ("a_b.example-1.com:443", "a_b.example-1.com", 443),
        ("xn--bcher-kva.example:443", "xn--bcher-kva.example", 443),
        ("93.184.216.34:443", "93.184.216.34", 443),
        ("93.184.216.34.:443", "93.184.216.34", 443),
        ("[2606:2800:220:1::34]:443", "2606:2800:220:1::34", 443),
        ("[2606:2800:0220:0001:0:0:0:34]:443", "2606:2800:220:1::34", 443),
        ("localhost:1", "localhost", 1),
        ("1.2.3.example:443", "1.2.3.example", 443),
    ],
)
def test_a_host_and_a_port_are_read(text: str, host: str, port: int) -> None:
    """In one form, whatever the case, a final dot, or the spelling of an IPv6 address."""
    target = of_connect(text)
    assert (target.host, target.port) == (host, port)
    assert (target.literal is not None) is (host[0].isdigit() and "example" not in host)


@pytest.mark.parametrize(
    "host",
    [
        *(
            "127.1",
            "127.0.1",
            "0x7f000001",
            "0x7f.0.0.1",
            "2130706433",
            "0177.0.0.1",
            "017700000001",
            "0",
            "00.0.0.0",
        ),
        *("127.0.0.1.1", "127.0.0.256", "127.0.0.0x1", "10.0x0", "0x", "999999999999", "127.0.0.01"),
        *("[::1%25lo]", "[fe80::1%eth0]", "[::1%]", "[:::1]", "[::g]", "[1::2::3]", "[127.0.0.1:]"),
    ],
)
def test_odd_spellings_of_addresses_are_refused(host: str) -> None:
    """Short, octal, hexadecimal and huge numbers, and zones: what resolvers understand and filters forget."""
    with pytest.raises(RefusalError) as caught:
        of_connect(f"{host}:443")
    assert (caught.value.status, caught.value.why) == (403, "odd-address")


@pytest.mark.parametrize(
    "text",
    [
        *("exa mple.com:443", "example.com\t:443", "exam%70le.com:443", "-x.example:443", "x-.example:443"),
        *("example..com:443", ".example.com:443", "exämple.com:443", f"{'a' * 64}.example:443"),
        *(
            f"{'a.' * 130}example:443",
            "::1:443",
            "[::1:443",
            "[127.0.0.1]:443",
            "[::1]x:443",
            "a,b:443",
            "*:443",
        ),
        *("example.com..:443", ":443", "ex/ample:443", "example\\.com:443", "a;b:443"),
    ],
)
def test_what_is_no_host_is_refused(text: str) -> None:
    """Names are letters, digits, dashes and underscores between dots."""
    with pytest.raises(RefusalError) as caught:
        of_connect(text)
    assert (caught.value.status, caught.value.why) == (403, "odd-host")


@pytest.mark.parametrize(
    "text",
    [
        "example.com",
        "example.com:",
        "example.com:+443",
        "x:4 4",
        "x:４",
    ],
)
def test_a_tunnel_needs_a_port(text: str) -> None:
    """A decimal number from 1 to 65535, and nothing else."""
    with pytest.raises(RefusalError) as caught:
        of_connect(text)
    assert (caught.value.status, caught.value.why) == (400, "malformed")


@pytest.mark.parametrize("port", ["0", "65536", "000443", "0443", "99999", "+443", "4 4"])
def test_a_port_that_is_none_is_quoted(port: str) -> None:
    """Ports are written as numbers from 1 to 65535."""
    with pytest.raises(RefusalError, match=f'Port "{re.escape(port)}" .* from 1 to 65535') as caught:
        of_connect(f"example.com:{port}")
    assert (caught.value.status, caught.value.why) == (400, "malformed")


@pytest.mark.parametrize(
    "text", ["user@example.com:443", "a:b@example.com:443", "example.com:443@10.0.0.1:80"]
)
def test_a_user_before_the_host_is_refused_and_not_shown(text: str) -> None:
    """What stands there may be a password."""
    with pytest.raises(RefusalError, match="user") as caught:
        of_connect(text)
    assert (caught.value.status, caught.value.why) == (403, "user-in-address")
    assert "a:b" not in caught.value.message
    with pytest.raises(RefusalError, match="user"):
        of_url(f"http://{text}/")


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("http://example.com", "example.com", 80, "/"),
        ("http://example.com/a?b=c", "example.com", 80, "/a?b=c"),
        ("HTTP://example.com:8080?q=a@b", "example.com", 8080, "/?q=a@b"),
        ("http://[2606:2800::1]:81/x", "2606:2800::1", 81, "/x"),
        ("http://example.com/http://10.0.0.1/", "example.com", 80, "/http://10.0.0.1/"),
    ],
)
def test_an_absolute_address_is_read(url: str, host: str, port: int, path: str) -> None:
    """Its host and port, and the rest as the server gets it."""
    target, rest = of_url(url)
    assert (target.host, target.port, rest) == (host, port, path)


@pytest.mark.parametrize(
    ("url", "status", "why"),
    [
        ("/path", 400, "not-absolute"),
        ("*", 400, "not-absolute"),
        ("example.com:80", 400, "not-absolute"),
        ("https://example.com/", 403, "scheme"),
        ("ftp://example.com/", 403, "scheme"),
        ("http://example.com/#x", 400, "malformed"),
        ("http://example.com\\@10.0.0.1/", 400, "malformed"),
        ("http:///path", 403, "odd-host"),
        ("http://", 403, "odd-host"),
    ],
)
def test_other_addresses_are_refused(url: str, status: int, why: str) -> None:
    """What is no http address with a host, or would be read in two ways."""
    with pytest.raises(RefusalError) as caught:
        of_url(url)
    assert (caught.value.status, caught.value.why) == (status, why)


@pytest.mark.parametrize("port", [80, 443, 1024, 3000, 6333, 8000, 8080, 8443, 9200, 11434, 65535])
def test_ports_of_web_services_pass(port: int) -> None:
    """HTTP's own, and those above 1023 where vector stores, models and the like are."""
    check_port(of_connect(f"example.com:{port}"))


@pytest.mark.parametrize(
    "port",
    [
        *(1, 21, 22, 23, 25, 53, 110, 445, 465, 587, 993, 1023, 1883, 2525, 3306, 5222, 5269, 5432, 5672),
        *(6379, 6660, 6664, 6667, 6669, 7000, 9042, 9092, 27017),
    ],
)
def test_ports_of_other_services_are_refused(port: int) -> None:
    """Mail, shells, databases and chats are not for a proxy of the web."""
    with pytest.raises(RefusalError, match=f'"{port}"') as caught:
        check_port(of_connect(f"example.com:{port}"))
    assert (caught.value.status, caught.value.why) == (403, "port")


@pytest.mark.parametrize("text", ["ex\x00ample:443", "exämple:443", "a\r\nb:443", "a" * 5_000 + "!:443"])
def test_a_message_fits_a_status_line(text: str) -> None:
    """Whatever was sent, the message is one short line of printable ASCII."""
    with pytest.raises(RefusalError) as caught:
        of_connect(text)
    assert len(caught.value.message) < 300
    assert caught.value.message.isascii() and caught.value.message.isprintable()
