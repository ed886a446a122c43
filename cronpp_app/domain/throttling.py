"""How often passwords may be tried: pure rules, counted by whoever stores them."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """So many tries at once; each comes back after `refill`."""

    tries: int
    refill: timedelta


# Of one account, from wherever: 12 in ten minutes. Addresses that are the owner's have some of
# their own, 7 in ten minutes, so that nobody elsewhere can keep the owner out.
OF_ACCOUNT: Final = Allowance(tries=10, refill=timedelta(minutes=5))
OF_HOME: Final = Allowance(tries=4, refill=timedelta(seconds=200))
# The current password, tried by somebody who is signed in.
OF_CHANGES: Final = Allowance(tries=10, refill=timedelta(minutes=5))
# Accounts made from one address: mild, because a whole school may share one.
OF_SIGNUPS: Final = Allowance(tries=300, refill=timedelta(seconds=12))
# Of one address, on whatever accounts: a password tried on many accounts is a guess as well.
OF_ADDRESS: Final = Allowance(tries=50, refill=timedelta(seconds=12))
# How long an address counts as the owner's after a sign-in.
HOME_LASTS: Final = timedelta(days=60)


def account_key(email: str) -> str:
    """Return what tries on an account are counted under, whether the account exists or not."""
    return f"account {_digest(email)}"


def home_key(email: str, address: str) -> str:
    """Return what an owner's tries from an address of theirs are counted under."""
    return f"{home_keys(email)}{network_of(address)}"


def home_keys(email: str) -> str:
    """Return how the keys begin that an owner's tries are counted under, from all addresses."""
    return f"home {_digest(email)} "


def address_key(address: str) -> str:
    """Return what tries from an address are counted under."""
    return f"address {network_of(address)}"


def network_of(address: str) -> str:
    """Return the network one household has: an IPv4 address, or the first half of an IPv6 one."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
    return str(parsed)


def _digest(email: str) -> str:
    # People mistype passwords into this field: nothing of it is to be read from the counts.
    return hashlib.sha256(email.encode("utf-8", "replace")).hexdigest()
