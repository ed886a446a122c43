"""Which targets may be called: the rules against reaching into private networks (SSRF).

Judged when a job is saved, and again with the resolved addresses whenever a connection is
opened, because a name may lead elsewhere by then (DNS rebinding).
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

from cronpp_app.outbound.addresses import (
    Address,
    Network,
    behind,
    has_zone,
    is_metadata,
    unwrap,
    why_not_public,
)
from cronpp_app.outbound.urls import InvalidUrl, Target, read_name, read_url

__all__ = [
    "Blocked",
    "EgressRules",
    "InvalidUrl",
    "Target",
    "check_url",
    "judge_addresses",
    "parse_allow",
]

log = logging.getLogger("cronpp.egress")

_SETTING = "CRONPP_EGRESS_ALLOW"
_MAPPED: Final = IPv6Network("::ffff:0:0/96")
# Names that are only known inside a network (RFC 6761, 6762, 8375; ICANN's collision list).
_INTERNAL_ENDINGS: Final = (
    ".localhost",
    ".localdomain",
    ".local",
    ".internal",
    ".intranet",
    ".private",
    ".home.arpa",
    ".home",
    ".lan",
    ".corp",
    ".mail",
    ".svc",
)
# Ports whose protocols an HTTP request could be smuggled into, and stores that need no password.
# fmt: off
_CLOSED_PORTS: Final = frozenset((
    11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103,
    104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 445,
    465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 873,
    989, 990, 993, 995, 1433, 1521, 2049, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 5432,
    5672, 5900, 5901, 6000, 6379, 6380, 9042, 9092, 9200, 9300, 10250, 11211, 27017, 27018,
    27019,
))
# fmt: on


class Blocked(Exception):
    """The target may not be called; the message names it and the setting that would allow it."""


@dataclass(frozen=True, slots=True)
class EgressRules:
    """What an operator allows beyond the public internet, and what he shuts besides."""

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()
    ports: frozenset[int] = frozenset()
    denied: tuple[Network, ...] = ()

    def permits_address(self, address: Address, *, host: str = "") -> bool:
        """Return whether `address`, reached by the name `host`, may be called."""
        return _permits(self, address, host)


# Asked several times per attempt, mostly about the same few addresses.
@lru_cache(maxsize=4096)
def _permits(rules: EgressRules, address: Address, host: str) -> bool:
    address = unwrap(address)
    if has_zone(address) or _is_denied(rules, address):
        return False
    if is_metadata(address):
        return any(address in network and network.num_addresses == 1 for network in rules.networks)
    return (
        host in rules.hosts
        or any(address in network for network in rules.networks)
        or why_not_public(address) is None
    )


def _is_denied(rules: EgressRules, address: Address) -> bool:
    """Return whether an operator shut `address`, or one behind it."""
    return any(way in network for way in behind(address) for network in rules.denied)


def parse_allow(text: str) -> EgressRules:
    """Return the rules of a comma-separated allow-list; empty text allows public targets only.

    An entry is a host name, an address or CIDR, `:port` to open a port that is otherwise
    shut, or `!` and an address or CIDR that is never to be called. Raises ValueError naming
    the entry that is none of these.
    """
    networks: list[Network] = []
    denied: list[Network] = []
    hosts, ports = set(), set()
    for entry in filter(None, (part.strip() for part in text.split(","))):
        if entry.startswith(":") and entry.count(":") == 1:
            ports.add(_parse_port(entry))
        elif entry.startswith("!"):
            denied.append(_parse_network(entry, entry[1:]))
        elif "/" in entry or ":" in entry or entry.replace(".", "").isdigit():
            networks.append(_parse_network(entry, entry))
        else:
            hosts.add(_parse_host(entry))
    return EgressRules(tuple(networks), frozenset(hosts), frozenset(ports), tuple(denied))


def _parse_network(entry: str, text: str) -> Network:
    try:
        network = ip_network(text.strip().strip("[]"))
    except ValueError as error:
        raise ValueError(
            f"{_SETTING}: {entry!r} is not an address or CIDR such as 10.2.0.0/16 ({error})"
        ) from error
    # Addresses are judged unwrapped, so a mapped entry would never be met.
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        first = network.network_address.ipv4_mapped
        return IPv4Network((str(first), network.prefixlen - _MAPPED.prefixlen))
    return network


def _parse_port(entry: str) -> int:
    port = entry[1:]
    if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65_535):
        raise ValueError(f"{_SETTING}: {entry!r} is not a port such as :5432")
    return int(port)


def _parse_host(entry: str) -> str:
    try:
        return read_name(entry)
    except InvalidUrl as error:
        raise ValueError(
            f"{_SETTING}: {entry!r} is not a host name, an address or a CIDR"
        ) from error


def check_url(url: str, rules: EgressRules) -> Target:
    """Return the target `url` names, if it may be called as far as its text tells.

    Raises InvalidUrl if the text is not a plain http or https URL, Blocked if it names an
    address, an internal name or a port that is shut. Looks nothing up.
    """
    target = read_url(url)
    if target.address is not None:
        judge_addresses([str(target.address)], rules)
    elif target.host not in rules.hosts and _is_internal(target.host):
        raise Blocked(
            f"{target.host} is an internal name. To let jobs call it, add {target.host} "
            f"to {_SETTING}."
        )
    if target.port in _CLOSED_PORTS and target.port not in rules.ports:
        raise Blocked(
            f"Port {target.port} is not one that web services use, so it is blocked. To let jobs "
            f"call it, add :{target.port} to {_SETTING}."
        )
    return target


def _is_internal(host: str) -> bool:
    return "." not in host or host.endswith(_INTERNAL_ENDINGS)


def judge_addresses(addresses: Iterable[str], rules: EgressRules, *, host: str = "") -> None:
    """Raise Blocked unless every one of `addresses`, the answers for `host`, may be called.

    One forbidden answer refuses them all: which of several is dialled is up to chance.
    """
    for text in addresses:
        address = _read_literal(text)
        if not rules.permits_address(address, host=host):
            raise Blocked(_refusal(address, host=host, rules=rules))


_read_literal = lru_cache(maxsize=4_096)(ip_address)


def _refusal(address: Address, *, host: str, rules: EgressRules) -> str:
    """Return why `address` is refused; of a name's address nothing is told but that."""
    plain = unwrap(address)
    if host:
        # What a name means inside our network is not for its callers to learn; operators find
        # the address in the log. The name is not logged: part of it may be a secret.
        log.info("target blocked", extra={"address": str(address)})
        return (
            f"{host} leads to an address that may not be called; the log tells operators which, "
            f"and {_SETTING} lets jobs call it."
        )
    if _is_denied(rules, plain):
        return f"{address} is an address blocked by {_SETTING}."
    if is_metadata(plain):
        return (
            f"{address} is where clouds hand out credentials. A range does not open it; to let "
            f"jobs call it, name {plain} itself in {_SETTING}."
        )
    return f"{address} is {why_not_public(plain)}. To let jobs call it, add {plain} to {_SETTING}."
