"""Pages of long lists, and the cursors that lead from one to the next."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from cronpp_app.errors import FieldError, InvalidInput

Item = TypeVar("Item")

MOST_PER_PAGE = 200
# Counting on would cost more than the number is worth.
COUNTED_TO = 10_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_REFUSED = "Is not a cursor of this list; leave it out to begin at the first page."


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Item]):
    """A part of a list; beyond 10,000 the total stays there and is not exact."""

    items: tuple[Item, ...]
    next_cursor: str | None
    total: int
    total_is_exact: bool


def page_of(items: Sequence[Item], *, next_cursor: str | None, counted: int) -> Page[Item]:
    """Return a page whose list was counted to at most one more than 10,000."""
    return Page(
        items=tuple(items),
        next_cursor=next_cursor,
        total=min(counted, COUNTED_TO),
        total_is_exact=counted <= COUNTED_TO,
    )


def check_limit(limit: int) -> None:
    """Raise InvalidInput unless a page may have `limit` items."""
    if not 1 <= limit <= MOST_PER_PAGE:
        message = f"Must be a whole number from 1 to {MOST_PER_PAGE}, not {limit}."
        raise InvalidInput(FieldError("limit", message))


def write_cursor(order: str, position: tuple[Any, str] | None) -> str | None:
    """Return a cursor for a position (sort key, id) in a list of this order; None for its end."""
    if position is None:
        return None
    key, last_id = position
    if isinstance(key, datetime):
        key = (key - _EPOCH) // timedelta(milliseconds=1)
    text = json.dumps([order, key, last_id], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(order: str, cursor: str | None) -> tuple[Any, str] | None:
    """Return the position that `cursor` stands for; raise InvalidInput if it is another list's.

    A cursor needs no signature: it only says where to go on in the caller's own list.
    """
    if cursor is None:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        written_for, key, last_id = parts
        if written_for != order or not isinstance(last_id, str):
            raise ValueError("another list")
        if type(key) is int:
            key = _EPOCH + timedelta(milliseconds=key)
        elif not isinstance(key, str):
            raise ValueError("no sort key")
        f"{key}{last_id}".encode()  # half of a surrogate pair is no text of ours
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise InvalidInput(FieldError("cursor", _REFUSED)) from error
    return key, last_id
