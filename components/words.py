"""Numbers, spans of time and statuses in words."""

from datetime import UTC, datetime
from typing import Final

STATUS_WORDS: Final = {
    "PENDING": "Pending",
    "RUNNING": "Running",
    "RETRYING": "Retrying",
    "PAUSED": "Paused",
    "SUCCESS": "Success",
    "FAILED": "Failed",
    "SKIPPED": "Skipped",
    "MISSED": "Missed",
    "CANCELLED": "Cancelled",
    "LOST": "Lost",
}
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"))


def milliseconds(span_ms: float) -> str:
    """Return a duration given in ms: 182 ms, 1.45 s, 2 m 05 s."""
    if span_ms < 1_000:
        return f"{round(span_ms)} ms"
    if span_ms < 10_000:
        return f"{span_ms / 1000:.2f} s"
    if span_ms < 60_000:
        return f"{span_ms / 1000:.1f} s"
    return seconds(span_ms / 1000)


def seconds(span: float) -> str:
    """Return a duration given in seconds, in its two largest units: 45 s, 2 m 30 s, 1 h."""
    if span < 60:
        return f"{span:g} s" if span == int(span) else f"{span:.1f} s"
    rest = round(span)
    parts = []
    for size, unit in _UNITS:
        number, rest = divmod(rest, size)
        if number:
            parts.append(f"{number} {unit}")
    if rest:
        parts.append(f"{rest} s")
    return " ".join(parts[:2])


def counted(number: int, singular: str) -> str:
    """Return a number with its noun: 1 job, 12,847 jobs."""
    return f"{number:,} {singular}{'' if number == 1 else 's'}"


def percent(share: float) -> str:
    """Return a share of one in percent; never rounded up to a 100 % that it is not."""
    if share in (0, 1):
        return f"{share * 100:.0f} %"
    return f"{min(share * 100, 99.99):.2f} %" if share > 0.99 else f"{share * 100:.1f} %"


def size(number_bytes: int) -> str:
    """Return a number of bytes: 512 B, 1.5 KiB, 3.0 MiB."""
    if number_bytes < 1024:
        return f"{number_bytes} B"
    if number_bytes < 1024**2:
        return f"{number_bytes / 1024:.1f} KiB"
    return f"{number_bytes / 1024**2:.1f} MiB"


def epoch_ms(moment: datetime | None) -> int | None:
    """Return a moment as the browser counts it: milliseconds since 1970."""
    return round(moment.astimezone(UTC).timestamp() * 1000) if moment else None


def iso_ms(moment: str | None) -> int | None:
    """Return a moment of the public interface (RFC 3339) as the browser counts it."""
    return epoch_ms(datetime.fromisoformat(moment)) if moment else None
