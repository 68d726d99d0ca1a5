"""Which addresses are refused, and as what."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as some

from steamship_engine.model.network_addresses import RefusedAddress, refused

REFUSED = {
    RefusedAddress.LOOPBACK: ["127.0.0.1", "127.0.0.0", "127.255.255.255", "127.1.2.3", "::1"],
    RefusedAddress.LINK_LOCAL: ["169.254.0.1", "169.254.255.255", "fe80::1", "febf::1"],
    RefusedAddress.PRIVATE: [
        *("10.0.0.0", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255"),
        *("fc00::1", "fdff::1", "fd12:3456:789a::1", "fec0::1"),
    ],
    RefusedAddress.SHARED: ["100.64.0.0", "100.127.255.255"],
    RefusedAddress.MULTICAST: ["224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"],
    RefusedAddress.BROADCAST: ["255.255.255.255"],
    RefusedAddress.UNSPECIFIED: ["0.0.0.0", "0.1.2.3", "0.255.255.255", "::"],
    RefusedAddress.RESERVED: [
        *("192.0.0.1", "192.0.2.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1"),
        *("240.0.0.1", "255.255.255.254"),
        *("2001:db8::1", "2001:2::1", "2001:10::1", "2001:20::1", "3fff::1", "4000::1", "5f00::1", "100::1"),
        *("::2:0:0:0:0", "400::1", "8000::1", "fe00::1"),
    ],
    RefusedAddress.METADATA: [
        *("169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192", "168.63.129.16"),
        *("fd00:ec2::254", "fd20:ce::254"),
    ],
    RefusedAddress.TUNNEL: [
        *("192.88.99.1", "::ffff:93.184.216.34", "::93.184.216.34", "::ffff:0:93.184.216.34"),
        *("2002:5db8:d822::1", "2001:0:4136:e378:8000:63bf:a247:27dd", "64:ff9b:1::1"),
    ],
}

PUBLIC = [
    *(
        "93.184.216.34",
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
    ),
    *("128.0.0.1", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255"),
    *("192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "168.63.129.17"),
    *("2606:2800:220:1::34", "2a00:1450:4001::1", "2001:4860:4860::8888", "2400::1", "3ffe::1"),
    "64:ff9b::93.184.216.34",
]


@pytest.mark.parametrize(("why", "text"), [(why, text) for why, texts in REFUSED.items() for text in texts])
def test_what_is_nobodys_public_address_is_refused(why: RefusedAddress, text: str) -> None:
    """Each class at its edges and within."""
    assert refused(ip_address(text)) is why


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_pass(text: str) -> None:
    """Those beside a refused class too, and IPv4 ones as networks without IPv4 write them."""
    assert refused(ip_address(text)) is None


@pytest.mark.parametrize(
    "form",
    [
        "::ffff:{}",
        "::ffff:0:{}",
        "::{}",
        "64:ff9b::{}",
        "2606:2800::5efe:{}",
        "2606:2800::200:5efe:{}",
        "64:ff9b:1::{}",
    ],
)
@pytest.mark.parametrize(
    ("inner", "why"),
    [
        ("127.0.0.1", RefusedAddress.LOOPBACK),
        ("10.0.0.1", RefusedAddress.PRIVATE),
        ("169.254.169.254", RefusedAddress.METADATA),
        ("224.0.0.1", RefusedAddress.MULTICAST),
    ],
)
def test_a_refused_address_within_another_one_is_found(form: str, inner: str, why: RefusedAddress) -> None:
    """Mapped, translated, compatible, behind NAT64 or ISATAP: what is carried decides, and where it is unknown nothing passes."""
    found = refused(ip_address(form.format(inner)))
    assert found is (RefusedAddress.TUNNEL if form.startswith("64:ff9b:1:") else why)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2002:7f00:1::1", RefusedAddress.LOOPBACK),
        ("2002:a9fe:a9fe::1", RefusedAddress.METADATA),
        ("2002:c0a8:101::1", RefusedAddress.PRIVATE),
        # The server is public, the client behind it, in the complement, is 10.0.0.1.
        ("2001:0:4136:e378:8000:63bf:f5ff:fffe", RefusedAddress.PRIVATE),
        ("2001:0:7f00:1::", RefusedAddress.LOOPBACK),
    ],
)
def test_tunnels_to_refused_addresses_are_told_apart(text: str, why: RefusedAddress) -> None:
    """6to4 and Teredo carry addresses in their own ways."""
    assert refused(ip_address(text)) is why


@given(some.integers(0, 2**32 - 1))
def test_every_ipv4_address_that_passes_is_global(number: int) -> None:
    """The table is never laxer than Python's own."""
    address = IPv4Address(number)
    if refused(address) is None:
        assert address.is_global and not address.is_multicast and not address.is_reserved


@given(some.integers(0, 2**128 - 1) | some.integers(0x20 << 120, (0x40 << 120) - 1))
def test_every_ipv6_address_that_passes_is_global(number: int) -> None:
    """The table is never laxer than Python's own, and what passes is unicast of the one block that is handed out."""
    address = IPv6Address(number)
    if refused(address) is None:
        assert address.is_global and not address.is_multicast
        assert address in IPv6Network("2000::/3") or address in IPv6Network("64:ff9b::/96")


@pytest.mark.parametrize("why", RefusedAddress)
def test_each_reason_reads_as_words(why: RefusedAddress) -> None:
    """With an article, and without the dash of the record's word."""
    assert why.in_words.startswith(("a ", "an ")) and "-address" not in why.in_words
