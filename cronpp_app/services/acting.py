"""By which way somebody acts just now, for the audit log.

Known where a request or an event of a page comes in, needed where something is changed, of no
interest to all that lies in between: so it goes along with the task instead of through every
argument list.
"""

from contextvars import ContextVar
from dataclasses import dataclass

from cronpp_app.domain.audit import Via


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """By which way; `token` is the name of an API token, `address` where the client is."""

    via: Via
    token: str | None = None
    address: str | None = None


# Where nothing comes in from: in a script that uses the services.
_UNKNOWN = Acting(via=Via.API)
_acting: ContextVar[Acting] = ContextVar("acting")


def act(*, via: Via, address: str, token: str | None = None) -> None:
    """Say by which way this task, and those it makes from now on, does what it does."""
    _acting.set(Acting(via=via, address=address, token=token))


def acting() -> Acting:
    """Return by which way this task acts."""
    return _acting.get(_UNKNOWN)
