"""How a member's `mongod` is started: as the program starts it, and as a scenario needs it."""

import shlex
from pathlib import Path

from cronpp_app.store.embedded_binary import Mongod

LOOPBACK = "127.0.0.1"

# The words before `mongod` put it elsewhere; there it listens at an address of its own.
_SCRIPT = """#!/bin/sh
for word; do
    shift
    [ "$word" = {loopback} ] && word={address}
    set -- "$@" "$word"
done
exec {before} {mongod} "$@" --setParameter enableTestCommands=1 \
    --setParameter oplogNetworkTimeoutBufferSeconds=1
"""


def launched(
    mongod: Mongod, script: Path, *, address: str = LOOPBACK, before: tuple[str, ...] = ()
) -> Mongod:
    """Return `mongod` behind a script, written to `script`, that starts it with test commands.

    They let a scenario stop replication (`configureFailPoint`). A member that waits in vain for
    another gives up after a second, not five, as docs/operations.md advises. `before` is a command
    that runs the command behind it in its own place, such as `ip netns exec NAME`.
    """
    text = _SCRIPT.format(
        loopback=LOOPBACK,
        address=address,
        before=shlex.join(before),
        mongod=shlex.quote(str(mongod.path)),
    )
    script.write_text(text)
    script.chmod(0o700)
    return Mongod(path=script, version=mongod.version)
