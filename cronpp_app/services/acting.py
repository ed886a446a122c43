"""By which way somebody acts just now, for the audit log and the versions of jobs.

Known where a request or an event of a page comes in, needed where something is changed, of no
interest to all that lies in between: so it goes along with the task instead of through every
argument list.
"""

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from cronpp_app.domain.audit import FieldChange, Via
from cronpp_app.domain.versions import Change, Origin


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


def change_at(
    now: datetime,
    *,
    fields: tuple[FieldChange, ...] = (),
    restored_from: int | None = None,
    brings_back: bool = False,
) -> Change:
    """Return what this task changes of a job's definition, by the way it acts."""
    origin = Origin.EDITED if restored_from is None else Origin.RESTORED
    way = acting()
    return Change(
        at=now,
        origin=Origin.BROUGHT_BACK if brings_back else origin,
        via=way.via,
        token=way.token,
        restored_from=restored_from,
        fields=fields,
    )
