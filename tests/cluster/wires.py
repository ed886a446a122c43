"""Machines in network namespaces, on one switch, whose wires can be pulled.

A machine has a wire to the switch, where the database is, and one straight to this machine,
where the targets are.
"""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

# A block that RFC 2544 keeps for such experiments; nobody has a route of their own to it.
_NET = "198.18"
# Where machines find this one, each by its straight wire.
HOST = f"{_NET}.255.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A network namespace and its place on the switch."""

    name: str
    number: int

    @property
    def address(self) -> str:
        """Return its address on the switch."""
        return f"{_NET}.0.{self.number}"

    @property
    def before(self) -> tuple[str, ...]:
        """Return the words that run the command behind them on it."""
        return ("ip", "netns", "exec", self.name)

    def pull_wire(self) -> None:
        """Take it off the switch: what is sent either way is never heard of again."""
        _ip("link", "set", f"{self.name}s", "down")

    def plug_wire(self) -> None:
        """Put it back on the switch."""
        _ip("link", "set", f"{self.name}s", "up")

    def lose_way_to(self, other: "Machine") -> None:
        """Have nothing more reach `other` from here, answers neither."""
        _ip("-n", self.name, "route", "add", "blackhole", f"{other.address}/32")

    def find_way_to(self, other: "Machine") -> None:
        """Have `other` reached again."""
        _ip("-n", self.name, "route", "del", "blackhole", f"{other.address}/32")


def may_make_machines() -> bool:
    """Return whether network namespaces, wires and switches can be made here."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        return False
    try:
        with machines(1):
            return True
    except subprocess.CalledProcessError:
        return False


@contextlib.contextmanager
def machines(count: int) -> Iterator[list[Machine]]:
    """Make `count` machines on a switch; all of it is gone behind the block."""
    switch = f"cpp{os.getpid()}"
    made = [Machine(name=f"{switch}-{number}", number=number) for number in range(2, count + 2)]
    try:
        _ip("link", "add", switch, "type", "bridge")
        _ip("addr", "add", f"{_NET}.0.1/24", "dev", switch)
        _ip("addr", "add", f"{HOST}/32", "dev", switch)
        _ip("link", "set", switch, "up")
        for machine in made:
            _make(machine, switch)
        yield made
    finally:
        for machine in made:
            _ip("netns", "del", machine.name, check=False)
        _ip("link", "del", switch, check=False)


def _make(machine: Machine, switch: str) -> None:
    name = machine.name
    _ip("netns", "add", name)
    for wire, end in (("s", "switched"), ("t", "straight")):
        pair = ("type", "veth", "peer", "name", end, "netns", name)
        _ip("link", "add", f"{name}{wire}", *pair)
    _ip("link", "set", f"{name}s", "master", switch)
    gateway = f"{_NET}.{machine.number}.1"
    _ip("addr", "add", f"{gateway}/24", "dev", f"{name}t")
    _ip("-n", name, "addr", "add", f"{machine.address}/24", "dev", "switched")
    _ip("-n", name, "addr", "add", f"{_NET}.{machine.number}.2/24", "dev", "straight")
    for end in (f"{name}s", f"{name}t"):
        _ip("link", "set", end, "up")
    for end in ("lo", "switched", "straight"):
        _ip("-n", name, "link", "set", end, "up")
    _ip("-n", name, "route", "add", HOST, "via", gateway)


def _ip(*words: str, check: bool = True) -> None:
    subprocess.run(["ip", *words], check=check, capture_output=True)
