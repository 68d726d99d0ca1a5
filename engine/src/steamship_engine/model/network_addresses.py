"""Which addresses of the internet are somebody's public ones, and which lead into a network that is nobody's business.

`ipaddress` knows the registries, but its `is_global` changes with Python's releases and says nothing of addresses within
addresses, so the table here decides, and `is_global` has a word only where the table has none.
"""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address


class RefusedAddress(StrEnum):
    """Why an address is refused: a word for records, which `in_words` reads out."""

    LOOPBACK = "loopback-address"
    LINK_LOCAL = "link-local-address"
    PRIVATE = "private-address"
    SHARED = "shared-address"
    MULTICAST = "multicast-address"
    BROADCAST = "broadcast-address"
    UNSPECIFIED = "unspecified-address"
    RESERVED = "reserved-address"
    METADATA = "metadata-address"
    TUNNEL = "tunnel-address"
    OWN = "own-address"

    @property
    def in_words(self) -> str:
        """With its article: `a private address`."""
        if self is RefusedAddress.OWN:
            return "an address of the engine's own machine"
        if self is RefusedAddress.METADATA:
            return "an address for the machine's own metadata"
        words = self.value.replace("-address", " address")
        return f"an {words}" if words[0] == "u" else f"a {words}"


_METADATA = frozenset(
    (
        IPv4Address("169.254.169.254"),
        IPv4Address("169.254.170.2"),  # Amazon's, of containers
        IPv4Address("169.254.170.23"),
        IPv4Address("100.100.100.200"),  # Alibaba's
        IPv4Address("192.0.0.192"),  # Oracle's
        IPv4Address("168.63.129.16"),  # Azure's, an address like a public one
        IPv6Address("fd00:ec2::254"),
        IPv6Address("fd00:ec2::23"),
        IPv6Address("fd20:ce::254"),  # Google's
    )
)

_IPV4 = tuple(
    (IPv4Network(net), why)
    for net, why in (
        ("255.255.255.255/32", RefusedAddress.BROADCAST),
        ("0.0.0.0/8", RefusedAddress.UNSPECIFIED),
        ("10.0.0.0/8", RefusedAddress.PRIVATE),
        ("100.64.0.0/10", RefusedAddress.SHARED),
        ("127.0.0.0/8", RefusedAddress.LOOPBACK),
        ("169.254.0.0/16", RefusedAddress.LINK_LOCAL),
        ("172.16.0.0/12", RefusedAddress.PRIVATE),
        ("192.0.0.0/24", RefusedAddress.RESERVED),
        ("192.0.2.0/24", RefusedAddress.RESERVED),
        ("192.88.99.0/24", RefusedAddress.TUNNEL),
        ("192.168.0.0/16", RefusedAddress.PRIVATE),
        ("198.18.0.0/15", RefusedAddress.RESERVED),
        ("198.51.100.0/24", RefusedAddress.RESERVED),
        ("203.0.113.0/24", RefusedAddress.RESERVED),
        ("224.0.0.0/4", RefusedAddress.MULTICAST),
        ("240.0.0.0/4", RefusedAddress.RESERVED),
    )
)

_IPV6 = tuple(
    (IPv6Network(net), why)
    for net, why in (
        ("::/128", RefusedAddress.UNSPECIFIED),
        ("::1/128", RefusedAddress.LOOPBACK),
        ("fe80::/10", RefusedAddress.LINK_LOCAL),
        ("fec0::/10", RefusedAddress.PRIVATE),
        ("fc00::/7", RefusedAddress.PRIVATE),
        ("ff00::/8", RefusedAddress.MULTICAST),
        # Forms that carry an IPv4 address: where that is a refused one, `carried` has said so before.
        ("::/96", RefusedAddress.TUNNEL),
        ("::ffff:0:0/96", RefusedAddress.TUNNEL),
        ("::ffff:0:0:0/96", RefusedAddress.TUNNEL),
        ("64:ff9b:1::/48", RefusedAddress.TUNNEL),
        ("2001::/32", RefusedAddress.TUNNEL),
        ("2002::/16", RefusedAddress.TUNNEL),
        ("2001::/23", RefusedAddress.RESERVED),
        ("2001:db8::/32", RefusedAddress.RESERVED),
        ("3fff::/20", RefusedAddress.RESERVED),
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
"""What resolvers on networks without IPv4 answer for hosts that have nothing else: as good as what it carries."""
_PUBLIC = IPv6Network("2000::/3")
_LAST_32 = (IPv6Network("::/96"), IPv6Network("::ffff:0:0/96"), IPv6Network("::ffff:0:0:0/96"), _NAT64)
_ISATAP = (0x00005EFE, 0x02005EFE)


def refused(address: Address) -> RefusedAddress | None:
    """Why nothing may be sent to the address, whoever resolved it; None for a public one."""
    if isinstance(address, IPv4Address):
        return _ipv4(address)
    if address in _METADATA:
        return RefusedAddress.METADATA
    if int(address) > 1:
        for within in carried(address):
            why = _ipv4(within)
            if why is not None:
                return why
    if address in _NAT64:
        return None
    for network, why in _IPV6:
        if address in network:
            return why
    return None if address in _PUBLIC and address.is_global else RefusedAddress.RESERVED


def _ipv4(address: IPv4Address) -> RefusedAddress | None:
    if address in _METADATA:
        return RefusedAddress.METADATA
    for network, why in _IPV4:
        if address in network:
            return why
    return None if address.is_global else RefusedAddress.RESERVED


def carried(address: Address) -> list[IPv4Address]:
    """The IPv4 addresses that an IPv6 one has within it, in the forms that some router may understand."""
    if isinstance(address, IPv4Address):
        return []
    number = int(address)
    last = IPv4Address(number & 0xFFFFFFFF)
    if any(address in network for network in _LAST_32) or (number >> 32) & 0xFFFFFFFF in _ISATAP:
        return [last]
    if address.sixtofour is not None:
        return [address.sixtofour]
    return list(address.teredo or ())
