"""Open files: each call under way takes one, and the system grants a process only so many."""

import logging
import sys

if sys.platform != "win32":
    import resource

log = logging.getLogger("cronpp.worker")

# Connections to the members of a replica set (fourteen each), logs, libraries being loaded: an idle
# worker has about sixty open with three members.
KEPT_BACK = 96


def affordable_slots(wanted: int) -> int:
    """Return as many slots as the limit of open files allows, `wanted` at most and 1 at least.

    The limit is raised first as far as this process may. A worker without a file left to open
    fails every call at once, is free again at once, and so draws more and more runs to itself.
    """
    affordable = max(1, _raised_limit(wanted + KEPT_BACK) - KEPT_BACK)
    if affordable < wanted:
        log.warning(
            "fewer slots than wanted: the limit of open files (ulimit -n) is too low",
            extra={"slots": affordable, "wanted": wanted, "needed_limit": wanted + KEPT_BACK},
        )
    return min(wanted, affordable)


def _raised_limit(needed: int) -> int:
    """Return how many files this process may open, `needed` if that can be had."""
    if sys.platform == "win32":
        return needed  # sockets have no such limit there
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    if soft == unlimited or soft >= needed:
        return needed
    granted = needed if hard == unlimited else min(needed, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (granted, hard))
    return granted
