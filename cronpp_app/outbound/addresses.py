"""Which IP addresses belong to the public internet, by tables of our own.

`ipaddress.is_private` and `is_global` change between Python versions and let some ranges
through that nobody outside should reach; these tables follow the IANA special-purpose
registries (RFC 6890) and add what clouds hide inside public ranges.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_DENIED_V4: Final = tuple(
    (IPv4Network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "an address of this host"),
        ("10.0.0.0/8", "a private address"),
        ("100.64.0.0/10", "a carrier's internal address"),
        ("127.0.0.0/8", "a loopback address"),
        ("169.254.0.0/16", "a link-local address"),
        ("172.16.0.0/12", "a private address"),
        ("192.0.0.0/24", "a reserved address"),
        ("192.0.2.0/24", "a documentation address"),
        ("192.88.99.0/24", "a relay address"),
        ("192.168.0.0/16", "a private address"),
        ("198.18.0.0/15", "a benchmarking address"),
        ("198.51.100.0/24", "a documentation address"),
        ("203.0.113.0/24", "a documentation address"),
        ("224.0.0.0/4", "a multicast address"),
        ("240.0.0.0/4", "a reserved address"),
        ("168.63.129.16/32", "a cloud's internal address"),
    )
)
_PUBLIC_V6: Final = IPv6Network("2000::/3")
_DENIED_V6: Final = (
    (IPv6Network("2001::/23"), "a reserved address"),  # Teredo, ORCHID, benchmarking
    (IPv6Network("2001:db8::/32"), "a documentation address"),
    (IPv6Network("2002::/16"), "a 6to4 address"),  # carries any IPv4 address inside
    (IPv6Network("3fff::/20"), "a documentation address"),
)

# The well-known prefixes of NAT64, translated (SIIT) and compatible addresses: IPv4 at the end.
_TRANSLATED: Final = tuple(
    IPv6Network(network)
    for network in ("64:ff9b::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96", "::/96")
)

# Where clouds hand out credentials. A wide CIDR in the allow-list does not open these.
METADATA_ADDRESSES: Final[frozenset[Address]] = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.254",  # AWS, Google, Azure, OpenStack and others
        "169.254.170.2",  # AWS ECS task credentials
        "169.254.170.23",  # AWS EKS pod identity
        "169.254.169.123",  # AWS time service, beside the above
        "169.254.0.23",  # Tencent
        "100.100.100.200",  # Alibaba
        "168.63.129.16",  # Azure WireServer
        "192.0.0.192",  # Oracle, classic
        "fd00:ec2::254",  # AWS over IPv6
        "fd00:ec2::23",  # AWS EKS pod identity over IPv6
        "fd20:ce::254",  # Google over IPv6
    )
)


def unwrap(address: Address) -> Address:
    """Return the IPv4 address inside an IPv4-mapped IPv6 one (RFC 4291, 2.5.5.2), or `address`."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def has_zone(address: Address) -> bool:
    """Return whether `address` means something on one of our own links only (RFC 4007, 11)."""
    return isinstance(address, IPv6Address) and address.scope_id is not None


def behind(address: Address) -> frozenset[Address]:
    """Return `address` and the IPv4 addresses to which a translator would lead calls of it.

    NAT64 (RFC 6052), 6to4 (RFC 3056) and Teredo (RFC 4380) carry them in known places.
    """
    if isinstance(address, IPv4Address):
        return frozenset({address})
    last = {_last_four(address)} if any(address in network for network in _TRANSLATED) else set()
    tunnelled = (address.sixtofour, address.teredo and address.teredo[1])
    return frozenset({address, *last, *filter(None, tunnelled)})


def is_metadata(address: Address) -> bool:
    """Return whether clouds hand out credentials at `address`, or behind it.

    An IPv6 address that ends in such an IPv4 one counts, too: any prefix may be that of a NAT64.
    """
    ending = set() if isinstance(address, IPv4Address) else {_last_four(address)}
    return not METADATA_ADDRESSES.isdisjoint(behind(address) | ending)


def _last_four(address: IPv6Address) -> IPv4Address:
    return IPv4Address(address.packed[-4:])


def why_not_public(address: Address) -> str | None:
    """Return what kind of non-public address this is, or None if it is a public one."""
    address = unwrap(address)
    if isinstance(address, IPv4Address):
        return next((kind for network, kind in _DENIED_V4 if address in network), None)
    if has_zone(address):
        return "an address with a zone"
    if address not in _PUBLIC_V6:
        return "not a public IPv6 address"
    return next((kind for network, kind in _DENIED_V6 if address in network), None)
