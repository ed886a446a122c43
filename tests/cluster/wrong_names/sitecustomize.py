"""Gives the Python process that finds this on its path a name server that is broken.

It answers for names under .test, which nobody can own: all lead to this machine, but

* `slow.test`: after an hour, when nobody waits any more;
* `failing.test`: every first question with SERVFAIL;
* `rebinding.test`: every second answer leads to the metadata service of a cloud;
* `mixed.test`: each answer has that address besides.
"""

import itertools
import socket
import time
from collections import defaultdict

_HERE, _METADATA = "127.0.0.1", "169.254.169.254"
_SLOW_SECONDS = 3600.0
_asked = defaultdict(itertools.count)
_true_getaddrinfo = socket.getaddrinfo


def _answers(name: str) -> list[str]:
    number = next(_asked[name])
    match name.removesuffix(".test"):
        case "slow":
            time.sleep(_SLOW_SECONDS)
        case "failing" if number % 2 == 0:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        case "rebinding" if number % 2:
            return [_METADATA]
        case "mixed":
            return [_HERE, _METADATA]
    return [_HERE]


def _getaddrinfo(host, port, *options, **named):
    if not isinstance(host, str) or not host.endswith(".test"):
        return _true_getaddrinfo(host, port, *options, **named)
    return [
        found
        for address in _answers(host)
        for found in _true_getaddrinfo(address, port, *options, **named)
    ]


socket.getaddrinfo = _getaddrinfo
