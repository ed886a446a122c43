"""When a job fires: cron, interval or once."""

from collections.abc import Mapping
from typing import Any

from components.cron_field import CronField
from components.form import Form, choice_field, number_field, text_field, whole
from components.markup import box, icon, text
from components.segments import Segments
from components.zone_field import zone_field
from cronpp_app.domain.zones import load_zone
from cronpp_app.services.texts import read_moment

KINDS = {"cron": "Cron", "interval": "Interval", "once": "Once"}
_UNITS = {1: "seconds", 60: "minutes", 3_600: "hours", 86_400: "days"}
# What this form does not show stays as it is while the kind stays.
_KEPT = ("start_at", "end_at", "jitter_seconds")


class EditorWhen:
    """The fields of a schedule; `draft` is its JSON."""

    def __init__(self, form: Form, schedule: Mapping[str, Any], *, viewer_zone: str) -> None:
        self._form = form
        self._given = schedule
        self._kind = Segments(
            "Kind of schedule", KINDS, str(schedule["kind"]), on_change=self._switch
        )
        self._panes = {kind: box("cx-pane") for kind in KINDS}
        zone = str(schedule.get("timezone") or viewer_zone)
        with self._panes["cron"]:
            cron = str(schedule.get("cron", "0 9 * * 1-5"))
            self._cron = CronField(form, "schedule.cron", cron)
        with self._panes["interval"]:
            self._draw_interval(schedule)
        with self._panes["once"]:
            self._run_at = text_field(
                form, "schedule.run_at", "Date and time", _local(schedule, zone)
            )
            self._run_at.props("type=datetime-local step=1").mark("run-at")
        self._zone_box = box()
        with self._zone_box:
            first = [viewer_zone]
            self._zone = zone_field(form, "schedule.timezone", "Time zone", zone, first=first)
        # The preview stands far below on a narrow screen.
        with box("cx-notice cx-tint-primary cx-only-narrow cx-when-words"):
            icon("clock")
            self.words = text("", "cx-strong")
        self._show_pane()

    @property
    def timezone(self) -> str | None:
        """Return the zone on whose clock the schedule fires; None for an interval."""
        return None if self._kind.value == "interval" else self._zone.value

    def draft(self) -> dict[str, Any]:
        """Return the schedule as typed."""
        kind = self._kind.value
        same = kind == self._given["kind"]
        kept = {name: self._given[name] for name in _KEPT if same and name in self._given}
        match kind:
            case "cron":
                own = {"cron": self._cron.value, "timezone": self._zone.value}
            case "interval":
                own = {"every_seconds": self._every_seconds()}
            case _:
                own = {"run_at": _with_seconds(self._run_at.value), "timezone": self._zone.value}
        return {"kind": kind, **kept, **own}

    def _draw_interval(self, schedule: Mapping[str, Any]) -> None:
        every = int(schedule.get("every_seconds", 300))
        unit = max(size for size in _UNITS if every % size == 0)
        with box("cx-two-fields"):
            self._number = number_field(
                self._form, "schedule.every_seconds", "Every", every // unit
            ).mark("every")
            self._unit = choice_field(self._form, "schedule.unit", "Unit", _UNITS, unit)

    def _every_seconds(self) -> object:
        number = whole(self._number.value)
        return number * self._unit.value if isinstance(number, int) else number

    def _switch(self, _: str) -> None:
        self._show_pane()
        self._form.changed()

    def _show_pane(self) -> None:
        for kind, pane in self._panes.items():
            pane.set_visibility(kind == self._kind.value)
        self._zone_box.set_visibility(self._kind.value != "interval")


def _local(schedule: Mapping[str, Any], zone: str) -> str:
    """Return `run_at` as a date field shows it: local time of its zone, without one."""
    if "run_at" not in schedule:
        return ""
    local = read_moment(str(schedule["run_at"])).astimezone(load_zone(zone))
    return local.strftime("%Y-%m-%dT%H:%M:%S" if local.second else "%Y-%m-%dT%H:%M")


def _with_seconds(typed: str | None) -> str:
    # Browsers leave out seconds that are zero.
    return f"{typed}:00" if typed and len(typed) == len("2027-01-31T09:00") else typed or ""
