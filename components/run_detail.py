"""One run: what became of it, attempt by attempt."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from components.badges import status_badge
from components.comparison import comparison
from components.empty import empty_state
from components.exchange import Exchange
from components.markup import box, button, icon, link, text, ticking
from components.run_list import STATUS_ICONS
from components.run_story import run_story
from components.why_not import why_not_panel
from components.words import epoch_ms, iso_ms, milliseconds
from cronpp_app.clock import utc_now

Fields = Mapping[str, Any]


class RunDetail:
    """Shows a run with its attempts (the JSON of the public interface).

    `on_do` gets "retry" or "cancel" and the id of the run. `good` of `show` is a run of the
    same job that succeeded, to compare with.
    """

    def __init__(self, *, on_do: Callable[[str, str], Any]) -> None:
        self._on_do = on_do
        self._run: Fields | None = None
        self._good: Fields | None = None
        self._number = 0
        self._tab = "response"
        self._place = box("cx-run-detail")

    def show(self, run: Fields, *, good: Fields | None = None) -> None:
        """Show a run, at its latest attempt; nothing is sent if nothing changed."""
        if run == self._run and good == self._good:
            return
        self._good = good
        is_other = self._run is None or self._run["id"] != run["id"]
        grew = is_other or len(run["attempts"]) != len((self._run or run)["attempts"])
        self._run = run
        if grew:
            self._number = len(run["attempts"])
            self._tab = "error" if _failed(run) else "response"
        self._draw(run)

    def show_nothing(self) -> None:
        """Say that the job has not run yet."""
        self._run = None
        self._place.clear()
        with self._place:
            empty_state(
                "No runs yet",
                "They appear here as they happen: what was sent, what came back, what failed.",
                icon_name="scroll-text",
            )

    def _draw(self, run: Fields) -> None:
        self._place.clear()
        with self._place:
            self._summary(run)
            if run["reason"]:
                why_not_panel(run)
            if run["attempts"] or run["next_attempt_at"]:
                self._attempts(run)
            for attempt in run["attempts"]:
                if attempt["number"] == self._number:
                    Exchange(
                        attempt, self._tab, on_tab=self._open_tab, compare=self._compare(attempt)
                    )

    def _summary(self, run: Fields) -> None:
        with box("cx-card cx-run-summary", tag="section"):
            with box("cx-line cx-wrap"):
                status_badge(run["status"]).mark("run-status")
                box("cx-grow")
                with box("cx-line"):
                    self._buttons(run)
            with box("cx-pairs", tag="dl"):
                _pair("Fire time", ms=iso_ms(run["fire_time"]), shape="full")
                _pair("Trigger", run["trigger"].capitalize())
                if run["lateness_ms"] is not None:
                    _pair("Lateness", milliseconds(run["lateness_ms"]))
                if run["duration_ms"] is not None:
                    _pair("Duration", milliseconds(run["duration_ms"]))
                if run["attempts"]:
                    _pair("Worker", run["attempts"][-1]["worker"])
                text("Job version", tag="dt")
                with box(tag="dd"):
                    path = f"/jobs/{run['job_id']}/versions"
                    link(f"{run['job_version']}", path, "cx-strong").mark("run-version")
                _pair("Run", run["id"], classes="cx-mono")

    def _buttons(self, run: Fields) -> None:
        def offer(words: str, verb: str, icon_name: str) -> None:
            do = partial(self._on_do, verb, run["id"])
            classes = "cx-button-plain cx-button-small"
            button(words, do, classes, icon_name=icon_name).mark(f"{verb}-run")

        match run["status"]:
            case "RETRYING":
                offer("Retry now", "retry", "refresh-cw")
                offer("Cancel run", "cancel", "ban")
            case "RUNNING" if run["reason"]:  # its cancellation is under way
                pass
            case "PENDING" | "RUNNING":
                offer("Cancel run", "cancel", "ban")
            case _:
                offer("Run again", "retry", "rotate-cw")

    def _attempts(self, run: Fields) -> None:
        with box("cx-card cx-attempts", tag="section"):
            text("Attempts", "cx-h2", tag="h2")
            run_story(run, now_ms=epoch_ms(utc_now()) or 0)
            with box("cx-story", tag="ol"):
                for attempt in run["attempts"]:
                    self._attempt(attempt)
                if run["next_attempt_at"]:
                    with box("cx-attempt cx-attempt-next", tag="li"):
                        icon("clock", "cx-warn")
                        text(f"Attempt {run['attempt_count'] + 1}", "cx-strong")
                        ticking("until", iso_ms(run["next_attempt_at"])).classes(
                            "cx-small cx-muted"
                        )

    def _attempt(self, attempt: Fields) -> None:
        icon_name, tone = STATUS_ICONS[attempt["status"]]
        with box("cx-attempt", tag="li"):
            icon(icon_name, tone)
            pick = box("cx-attempt-button", tag="button").mark(f"attempt-{attempt['number']}")
            pick.props["type"] = "button"
            pick.props["aria-pressed"] = "true" if attempt["number"] == self._number else "false"
            pick.on("click", partial(self._pick, attempt["number"]), args=[])
            with pick:
                with box("cx-line", tag="span"):
                    text(f"Attempt {attempt['number']}", "cx-strong")
                    text(_outcome(attempt), "cx-chip")
                    box("cx-grow", tag="span")
                    if attempt["duration_ms"] is not None:
                        text(milliseconds(attempt["duration_ms"]), "cx-tiny cx-muted cx-figure")
                with box("cx-small cx-muted", tag="span"):
                    ticking("at", iso_ms(attempt["started_at"]), shape="second")
                    if attempt["error"]:
                        text(f" · {attempt['error']['message']}")

    def _compare(self, attempt: Fields) -> Callable[[], None] | None:
        good = self._good
        if good is None or not good["attempts"] or attempt["error"] is None:
            return None
        return partial(comparison, attempt, good["attempts"][-1], good_run=good)

    def _pick(self, number: int) -> None:
        self._number = number
        if self._run is not None:
            self._draw(self._run)

    def _open_tab(self, tab: str) -> None:
        self._tab = tab
        if self._run is not None:
            self._draw(self._run)


def _failed(run: Fields) -> bool:
    return bool(run["attempts"]) and run["attempts"][-1]["error"] is not None


def _outcome(attempt: Fields) -> str:
    if attempt["response"]:
        return str(attempt["response"]["status"])
    if attempt["status"] == "RUNNING":
        return "running"
    if attempt["status"] == "CANCELLED":
        return "broken off"
    return "done" if attempt["error"] is None else "no response"


def _pair(
    label: str, words: str = "", *, ms: int | None = None, shape: str = "", classes: str = ""
) -> None:
    text(label, tag="dt")
    if ms is None:
        text(words, f"cx-figure {classes}", tag="dd")
        return
    with box(tag="dd"):
        ticking("at", ms, shape=shape)
