"""Texts and moments as people and programs give them."""

import re
from datetime import UTC, datetime
from typing import Final

from cronpp_app.clock import cut_to_ms
from cronpp_app.domain.zones import load_zone

# Bidirectional overrides and isolates (UAX #9) make a text look like another one.
_BIDI: Final = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_UNSEEN = re.compile(f"[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff{_BIDI}]")
_UNSEEN_IN_LINES = re.compile(f"[\u0000-\u0008\u000b-\u000c\u000e-\u001f\u007f-\u009f{_BIDI}]")
# Further away, arithmetic with moments would run into the ends of the calendar.
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_SURROGATE = re.compile("[\ud800-\udfff]")
_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})?", re.ASCII
)


def text_problem(text: str, *, lines: bool = False) -> str | None:
    """Return what makes `text` unfit to be shown in one line (or in lines), or None."""
    if _SURROGATE.search(text):
        return "Must not contain half of a surrogate pair."
    found = (_UNSEEN_IN_LINES if lines else _UNSEEN).search(text)
    if found:
        code = f"U+{ord(found[0]):04X}"
        return f"Must not contain control or bidirectional-override characters (found {code})."
    return None


def read_moment(text: str, *, timezone: str | None = None) -> datetime:
    """Return the instant of an RFC 3339 text, in UTC, cut to milliseconds.

    Without an offset the text is a local time of `timezone`; one that exists twice is the
    first of the two, one that does not exist is moved on by the gap (PEP 495, fold=0).
    Raises ValueError with a sentence that says what to give.
    """
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise ValueError("Must look like 2027-01-31T09:00:00Z.")
    day, time, fraction, offset = found.groups()
    if offset is None and timezone is None:
        raise ValueError("Needs an offset, as in 2027-01-31T09:00:00Z or …+02:00, or a timezone.")
    precise = f"{day}T{time}{(fraction or '')[:7]}{(offset or '').upper()}"
    try:
        moment = datetime.fromisoformat(precise)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=load_zone(timezone or "UTC"))
        moment = cut_to_ms(moment.astimezone(UTC))
    except (ValueError, OverflowError) as error:
        raise ValueError(f"Is not a date and time that exists: {text}.") from error
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError(f"Must lie in the years {_FIRST_YEAR} to {_LAST_YEAR}.")
    return moment


def moment_text(moment: datetime) -> str:
    """Return an instant as RFC 3339 in UTC with milliseconds and Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
