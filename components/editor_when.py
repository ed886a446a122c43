"""When a job fires: cron, interval or once."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from components.calmer import CalmerOffer
from components.cron_field import CronField
from components.editor_window import EditorWindow
from components.form import Form, choice_field, number_field, text_field, whole
from components.local_times import LOCAL, local_text, with_seconds
from components.markup import box, icon, text
from components.segments import Segments
from components.zone_field import zone_field
from cronpp_app.domain.zones import load_zone

KINDS = {"cron": "Cron", "interval": "Interval", "once": "Once"}
_UNITS = {1: "seconds", 60: "minutes", 3_600: "hours", 86_400: "days"}
_LONGEST_INTERVAL = 31_536_000
# Words of a moment to come, and what makes it of the present local time.
_SOON: Mapping[str, Callable[[datetime], datetime]] = {
    "In 10 minutes": lambda now: now + timedelta(minutes=10),
    "In 1 hour": lambda now: now + timedelta(hours=1),
    "Tomorrow 09:00": lambda now: _at_nine(now, days=1),
    "Next Monday 09:00": lambda now: _at_nine(now, days=7 - now.weekday()),
}


class EditorWhen:
    """The fields of a schedule; `draft` is its JSON. `now` tells the time."""

    def __init__(
        self,
        form: Form,
        schedule: Mapping[str, Any],
        *,
        viewer_zone: str,
        now: Callable[[], datetime],
    ) -> None:
        self._form = form
        self._now = now
        self._viewer_zone = viewer_zone
        self._kind = Segments(
            "Kind of schedule", KINDS, str(schedule["kind"]), on_change=self._switch
        )
        self._panes = {kind: box("cx-pane") for kind in KINDS}
        zone = str(schedule.get("timezone") or viewer_zone)
        with self._panes["cron"]:
            cron = str(schedule.get("cron", "0 9 * * 1-5"))
            self._cron = CronField(form, "schedule.cron", cron)
            self.calmer = CalmerOffer(on_pick=self._cron.set)
        with self._panes["interval"]:
            self._draw_interval(schedule)
        with self._panes["once"]:
            self._draw_once(local_text(schedule.get("run_at"), zone))
        self._zone_box = box()
        with self._zone_box:
            first = [viewer_zone]
            self._zone = zone_field(form, "schedule.timezone", "Time zone", zone, first=first)
            self._zone.on_value_change(self._show_pane)
        self._window_box = box()
        with self._window_box:
            clock = viewer_zone if schedule["kind"] == "interval" else zone
            self._window = EditorWindow(form, schedule, zone=clock)
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
        kind, zone = self._kind.value, self._zone.value
        if kind == "once":
            run_at = with_seconds(self._run_at.value)
            return {"kind": kind, "run_at": run_at, "timezone": zone}
        window = self._window.draft(kind)
        if kind == "cron":
            return {"kind": kind, **window, "cron": self._cron.value, "timezone": zone}
        return {"kind": kind, **window, "every_seconds": self._every_seconds()}

    def _draw_once(self, local: str) -> None:
        with box("cx-chips") as group:
            group.props["role"], group.props["aria-label"] = "group", "Times to come"
            for words in _SOON:
                made = text(words, "cx-choice", tag="button").mark(f"soon-{words}")
                made.props["type"] = "button"
                made.on("click", partial(self._pick_soon, words), args=[])
        self._run_at = text_field(self._form, "schedule.run_at", "Date and time", local)
        self._run_at.props("type=datetime-local step=1").mark("run-at")

    def _pick_soon(self, words: str) -> None:
        local = self._now().astimezone(load_zone(self._zone.value or "UTC"))
        self._run_at.value = _SOON[words](local).strftime(LOCAL)

    def _draw_interval(self, schedule: Mapping[str, Any]) -> None:
        every = schedule.get("every_seconds", 300)
        known = isinstance(every, int) and every > 0
        unit = max(size for size in _UNITS if every % size == 0) if known else 1
        number = every // unit if known else every
        with box("cx-two-fields"):
            self._number = number_field(self._form, "schedule.every_seconds", "Every", number)
            self._number.mark("every")
            self._unit = choice_field(self._form, "schedule.unit", "Unit", _UNITS, unit)
        html_id = self._number.html_id
        self._form.add("schedule.every_seconds", self._show_interval_error, html_id=html_id)

    def _show_interval_error(self, message: str | None) -> None:
        """Say what is wrong in the unit that was chosen; there is nothing else to be wrong."""
        size, typed = self._unit.value, str(self._number.value or "").strip()
        most = f"{_LONGEST_INTERVAL // size:,} {_UNITS[size]}"
        given = f', not "{typed}"' if typed else ""
        words = f"Must be a whole number from 1 to {most}{given}."
        self._number.error = words if message else None

    def _every_seconds(self) -> object:
        number = whole(self._number.value)
        return number * self._unit.value if isinstance(number, int) else number

    def _switch(self, _: str) -> None:
        self._show_pane()
        self._form.changed()

    def _show_pane(self, _: Any = None) -> None:
        for kind, pane in self._panes.items():
            pane.set_visibility(kind == self._kind.value)
        self._zone_box.set_visibility(self._kind.value != "interval")
        self._window_box.set_visibility(self._kind.value != "once")
        self._window.follow(self._kind.value, self.timezone or self._viewer_zone)


def _at_nine(now: datetime, *, days: int) -> datetime:
    return (now + timedelta(days=days)).replace(hour=9, minute=0)
