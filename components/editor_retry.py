"""How stubborn a job is, and what becomes of runs that collide or come late."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from nicegui import ui

from components.form import Form, choice_field, number_field, whole
from components.markup import box, text
from components.segments import Cards
from components.words import seconds
from cronpp_app.domain.backoff import Backoff, RetryPolicy, planned_retries

_BACKOFFS = {"exponential": "Exponential", "linear": "Linear", "fixed": "Fixed"}
_OVERLAPS = {
    "skip": ("Skip the new run", "It is recorded as skipped; the running one carries on."),
    "queue": ("Queue one", "One run waits until the current one ends; others are skipped."),
    "allow": ("Run side by side", "Every run starts on time, however many are under way."),
}
_MISFIRES = {
    "latest": ("Run once for the latest", "However many times were missed, one run follows."),
    "skip": ("Skip what was missed", "Carry on with the next time as if nothing had happened."),
    "all": ("Run every missed time", "One run each, oldest first, as far back as you say."),
}
_MOST_SHOWN = 8
_LIMITS = {"max_retries": (0, 20), "base_seconds": (1, 3_600), "max_seconds": (1, 86_400)}
_LONGEST_WINDOW = 2_592_000


class EditorRetry:
    """The fields of the retry policy; shows when retries would come."""

    def __init__(self, form: Form, retry: Mapping[str, Any]) -> None:
        self._form = form
        with box("cx-four-fields"):
            self._max = self._number("max_retries", "Retries", retry)
            self._backoff = choice_field(
                form, "retry.backoff", "Backoff", _BACKOFFS, retry["backoff"]
            )
            self._base = self._number("base_seconds", "First wait", retry, unit="s")
            self._cap = self._number("max_seconds", "Longest wait", retry, unit="s")
        self._had_window = "window_seconds" in retry
        self._window = number_field(
            form,
            "retry.window_seconds",
            "Stop retrying after",
            retry.get("window_seconds") or "",
            unit="s",
            hint="Counted from when the run was due. Empty: only the number of retries counts.",
        ).mark("window_seconds")
        self._jitter = ui.switch(
            "Jitter: spread each wait, so that many jobs do not retry at once",
            value=bool(retry["jitter"]),
            on_change=form.changed,
        )
        self._plan = box("cx-plan").mark("retry-plan")
        self._shown: object = None
        self.show_plan()

    def draft(self) -> dict[str, Any]:
        """Return the policy as typed."""
        window = whole(self._window.value)
        # A program that knows no windows finds none in a job that never had one.
        has_window = window != "" or self._had_window
        return ({"window_seconds": None if window == "" else window} if has_window else {}) | {
            "max_retries": whole(self._max.value),
            "backoff": self._backoff.value,
            "base_seconds": whole(self._base.value),
            "max_seconds": whole(self._cap.value),
            "jitter": bool(self._jitter.value),
        }

    def show_plan(self) -> None:
        """Show when retries would come; nothing while the numbers make no sense."""
        draft = self.draft()
        if draft == self._shown:
            return
        self._shown = draft
        self._plan.clear()
        policy = _policy(draft)
        if policy is None:
            return
        with self._plan:
            _draw_plan(policy)

    def _number(
        self, name: str, label: str, retry: Mapping[str, Any], *, unit: str = ""
    ) -> ui.input:
        return number_field(self._form, f"retry.{name}", label, retry[name], unit=unit).mark(name)


class EditorPolicies:
    """The fields of overlap and misfire policy."""

    def __init__(self, form: Form, values: Mapping[str, Any]) -> None:
        misfire = values["misfire"]
        with box("cx-two-fields"):
            self._overlap = Cards(
                "If the previous run is still going",
                _OVERLAPS,
                values["overlap"],
                on_change=form.changed,
            )
            self._policy = Cards(
                "If a time was missed", _MISFIRES, misfire["policy"], on_change=self._picked
            )
        self._form = form
        self._grace = number_field(
            form,
            "misfire.grace_seconds",
            "A run counts as missed when it is late by more than",
            misfire["grace_seconds"],
            unit="seconds",
        )
        self._limits = box("cx-two-fields")
        with self._limits:
            self._max_age = number_field(
                form,
                "misfire.max_age_seconds",
                "Catch up on times missed in the last",
                misfire["max_age_seconds"],
                unit="seconds",
            ).mark("max_age_seconds")
            self._max_runs = number_field(
                form, "misfire.max_runs", "At most", misfire["max_runs"], unit="runs"
            ).mark("max_runs")
        self._show_limits()

    def draft(self) -> dict[str, Any]:
        """Return both policies as typed."""
        misfire = {
            "policy": self._policy.value,
            "grace_seconds": whole(self._grace.value),
            "max_age_seconds": whole(self._max_age.value),
            "max_runs": whole(self._max_runs.value),
        }
        return {"overlap": self._overlap.value, "misfire": misfire}

    def _picked(self) -> None:
        self._show_limits()
        self._form.changed()

    def _show_limits(self) -> None:
        self._limits.set_visibility(self._policy.value == "all")


def _policy(draft: Mapping[str, Any]) -> RetryPolicy | None:
    for name, (low, high) in _LIMITS.items():
        if not isinstance(draft[name], int) or not low <= draft[name] <= high:
            return None
    window = draft.get("window_seconds")
    if window is not None and not (isinstance(window, int) and 1 <= window <= _LONGEST_WINDOW):
        return None
    return RetryPolicy(
        max_retries=draft["max_retries"],
        backoff=Backoff(draft["backoff"]),
        base=timedelta(seconds=draft["base_seconds"]),
        max_delay=timedelta(seconds=draft["max_seconds"]),
        jitter=draft["jitter"],
        window=timedelta(seconds=window) if window else None,
    )


def _draw_plan(policy: RetryPolicy) -> None:
    if not policy.max_retries:
        text("No retries: one failed attempt, and the run has failed.", "cx-small cx-muted")
        return
    latest = timedelta()
    retries = planned_retries(policy)
    if len(retries) < policy.max_retries and policy.window is not None:
        window = seconds(policy.window.total_seconds())
        words = f"Only {len(retries)} of {policy.max_retries} retries begin within {window}."
        text(words, "cx-small cx-muted")
    with box("cx-plan-steps", tag="ol"):
        _step("Attempt 1", "on time")
        for retry in retries:
            latest += retry.longest
            if retry.number > _MOST_SHOWN:
                continue
            shortest, span = retry.shortest.total_seconds(), seconds(retry.longest.total_seconds())
            low = f"{shortest:g}" if retry.longest < timedelta(minutes=1) else seconds(shortest)
            spread = f"+ {low}–{span}" if policy.jitter else f"+ {span}"
            _step(f"Retry {retry.number}", spread)
        if len(retries) > _MOST_SHOWN:
            _step(f"… {len(retries) - _MOST_SHOWN} more", "")
    words = (
        f"After the last one, at most {seconds(latest.total_seconds())} later, the run has failed."
    )
    text(words, "cx-small cx-muted")


def _step(title: str, words: str) -> None:
    with box("cx-plan-step", tag="li"):
        text(title, "cx-small cx-strong", tag="div")
        text(words, "cx-tiny cx-muted cx-figure", tag="div")
