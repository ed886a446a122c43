"""The versions of a job as its page tells them: who, when, and old beside new."""

from typing import Final

from components.version_panel import VersionRow
from components.words import epoch_ms
from cronpp_app.domain.audit import Via
from cronpp_app.domain.versions import Change, Origin
from cronpp_app.services.versions import JobVersion
from pages.job_differences import differences_of

_ORIGINS: Final = {
    Origin.CREATED: "Made",
    Origin.EDITED: "Edited",
    Origin.BROUGHT_BACK: "Brought back after its deletion",
}
_UNKNOWN: Final = "Made before versions were kept, or too long ago to tell what it changed."
_SAME: Final = "Nothing in its definition changed."


def version_row(one: JobVersion) -> VersionRow:
    """Return what the panel tells of a version."""
    change = one.change
    differences = tuple(differences_of(one.before, one.definition)) if one.before else ()
    note = ""
    if change is None:
        note = _UNKNOWN
    elif change.origin is not Origin.CREATED and not differences:
        note = _SAME
    return VersionRow(
        version=one.version,
        is_present=one.is_present,
        how=_how(change) if change else "",
        changed_ms=epoch_ms(change.at) if change else None,
        differences=differences,
        note=note,
    )


def _how(change: Change) -> str:
    words = _ORIGINS.get(change.origin) or f"Restored from version {change.restored_from}"
    match change.via:
        case Via.TOKEN:
            return f"{words} with the API token {change.token}"
        case Via.API:
            return f"{words} through the API"
        case _:
            return words
