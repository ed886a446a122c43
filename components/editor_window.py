"""From when until when a schedule is in force, and how far its runs are spread."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from components.form import Form, number_field, text_field, whole
from components.local_times import local_text, with_seconds
from components.markup import box, icon, text
from cronpp_app.domain.zones import load_zone

_ENDS = (("start_at", "Starts"), ("end_at", "Ends"))


class EditorWindow:
    """The fields that few schedules need, folded up unless one of them says something.

    Times are told on the schedule's clock; an interval has none, so it is the reader's.
    """

    def __init__(self, form: Form, schedule: Mapping[str, Any], *, zone: str) -> None:
        self._given = schedule
        self._zone = zone
        with box("cx-fold", tag="details") as fold:
            with box(tag="summary"):
                icon("chevron-right")
                text("Start, end and spread")
            with box("cx-pane"):
                with box("cx-two-fields"):
                    self._ends = {name: self._end(form, name, label) for name, label in _ENDS}
                self._words = text("", "cx-hint", tag="div")
                self._jitter_box = box()
                with self._jitter_box:
                    self._jitter = number_field(
                        form,
                        "schedule.jitter_seconds",
                        "Spread over",
                        schedule.get("jitter_seconds") or 0,
                        unit="seconds",
                        hint="Each run starts up to that much later, at random, so that jobs due "
                        "in the same minute do not all start at once.",
                    ).mark("jitter")
        # An interval always has a start: the moment it was made, unless it was given another.
        told = ("end_at", "jitter_seconds", *(["start_at"] if schedule["kind"] == "cron" else []))
        fold.props.set_bool("open", any(schedule.get(name) for name in told))

    def follow(self, kind: str, zone: str) -> None:
        """Fit what is shown to a kind of schedule and its zone."""
        self._zone = zone
        self._words.set_text(f"On the clock of {zone.replace('_', ' ')}. Empty: no limit.")
        self._jitter_box.set_visibility(kind == "cron")

    def draft(self, kind: str) -> dict[str, Any]:
        """Return these parts of the schedule as typed."""
        ends: dict[str, Any] = {name: self._moment(name, kind) for name, _ in _ENDS}
        if kind == "cron":
            return ends | {"jitter_seconds": whole(self._jitter.value)}
        return ends

    def _end(self, form: Form, name: str, label: str) -> Any:
        made = text_field(form, f"schedule.{name}", label, self._shown(name))
        return made.props("type=datetime-local step=1").mark(name.replace("_", "-"))

    def _shown(self, name: str) -> str:
        return local_text(self._given.get(name), self._zone)

    def _moment(self, name: str, kind: str) -> object:
        typed = with_seconds(self._ends[name].value)
        if typed and typed == with_seconds(self._shown(name)):
            # Milliseconds are not shown, and stay; the beginning of a grid is made of them.
            return self._given[name] if kind == self._given["kind"] else None
        if not typed or kind == "cron":
            return typed or None
        try:
            return datetime.fromisoformat(typed).replace(tzinfo=load_zone(self._zone)).isoformat()
        except ValueError:  # half typed, to be refused
            return typed
