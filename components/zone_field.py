"""The choice of a time zone: the usual ones first, all of them by typing."""

from collections.abc import Iterable

from nicegui import ui

from components.form import Form, choice_field
from components.markup import text
from cronpp_app.domain.zones import known_zones

_USUAL = (
    "UTC",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Paris",
    "Europe/Madrid",
    "Europe/Istanbul",
    "Africa/Cairo",
    "Africa/Johannesburg",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Singapore",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Pacific/Auckland",
)


def zone_field(
    form: Form, path: str, label: str, value: str, *, first: Iterable[str] = ()
) -> ui.select:
    """Return the field; `first` are zones to list before the usual ones."""
    names = dict.fromkeys((value, *first, *_USUAL, *known_zones()))
    options = {name: name.replace("_", " ") for name in names}
    made = choice_field(form, path, label, options, value)
    made.props("use-input hide-selected fill-input input-debounce=0").classes("cx-zone")
    with made.add_slot("no-option"):
        text("No time zone has that name; try a large city nearby.", "cx-no-option", tag="div")
    return made
