"""Moments as date fields show them: local times of a zone that stands elsewhere."""

from datetime import datetime

from cronpp_app.domain.zones import load_zone

LOCAL = "%Y-%m-%dT%H:%M"


def local_text(moment: object, zone: str) -> str:
    """Return `moment` (RFC 3339, or local already) as a date field shows it, "" for none."""
    try:
        read = datetime.fromisoformat(str(moment or ""))
    except ValueError:  # half typed
        return ""
    local = read.astimezone(load_zone(zone)) if read.tzinfo else read
    return local.strftime(f"{LOCAL}:%S" if local.second else LOCAL)


def with_seconds(typed: str | None) -> str:
    """Return what a date field gives with its seconds: browsers leave out those that are zero."""
    return f"{typed}:00" if typed and len(typed) == len("2027-01-31T09:00") else typed or ""
