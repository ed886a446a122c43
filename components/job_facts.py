"""What a job is, at a glance; and when it fires next."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from components.badges import method_mark
from components.markup import box, icon, text, ticking


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is told of a job; moments in ms since 1970. `zone` is empty for an interval."""

    description: str
    tags: tuple[str, ...]
    schedule: str
    cron: str
    zone: str
    method: str
    target: str
    success: str
    retry: str
    overlap: str
    misfire: str
    created_ms: int | None
    updated_ms: int | None
    version: int


class JobFacts:
    """Shows facts, and other facts later."""

    def __init__(self, *, on_versions: Callable[[], Any]) -> None:
        self._on_versions = on_versions
        self._place = box("cx-card cx-facts", tag="section")
        self._place.props["aria-label"] = "Facts"
        self._shown: Facts | None = None

    def show(self, facts: Facts) -> None:
        """Show other facts; nothing is sent if they are the same."""
        if facts == self._shown:
            return
        self._shown = facts
        self._place.clear()
        with self._place:
            if facts.description:
                text(facts.description, "cx-facts-words", tag="p")
            with box("cx-fact-list", tag="dl"):
                _schedule(facts)
                _target(facts)
                for label, words in (
                    ("Success is", facts.success),
                    ("Retries", facts.retry),
                    ("Overlap", facts.overlap),
                    ("Missed times", facts.misfire),
                ):
                    if words:
                        text(label, tag="dt")
                        text(words, tag="dd")
                _tags(facts)
                self._record(facts)

    def _record(self, facts: Facts) -> None:
        text("Record", tag="dt")
        with box("cx-muted", tag="dd"):
            words = f"Version {facts.version}"
            made = text(words, "cx-as-link", tag="button").mark("versions")
            made.props["type"], made.props["aria-haspopup"] = "button", "dialog"
            made.props["title"] = "All versions"
            made.on("click", self._on_versions, args=[])
            text(", made ")
            ticking("ago", facts.created_ms)
            text(", changed ")
            ticking("ago", facts.updated_ms)


def _schedule(facts: Facts) -> None:
    text("Schedule", tag="dt")
    with box(tag="dd"):
        text(facts.schedule, "cx-strong")
        with box("cx-line cx-wrap").style("gap:6px;margin-top:4px"):
            if facts.cron:
                text(facts.cron, "cx-chip")
            if facts.zone:
                text(facts.zone, "cx-small cx-muted")


def _target(facts: Facts) -> None:
    text("Calls" if facts.method != "LOG" else "Writes", tag="dt")
    with box("cx-line", tag="dd").style("gap:8px;align-items:baseline"):
        method_mark(facts.method)
        text(facts.target, "cx-mono cx-called")


def _tags(facts: Facts) -> None:
    if not facts.tags:
        return
    text("Tags", tag="dt")
    with box("cx-line cx-wrap", tag="dd").style("gap:6px"):
        for tag in facts.tags:
            text(tag, "cx-tag")


@dataclass(frozen=True, slots=True, kw_only=True)
class NextRuns:
    """When a job fires next (ms since 1970), or why it does not; `zone` is its own, if any.

    `skipped` fire times passed while it was paused; resuming begins with `resumes_ms`.
    """

    fires_ms: tuple[int, ...]
    is_paused: bool
    paused_ms: int | None
    why_paused: str
    skipped: str
    resumes_ms: int | None
    zone: str
    viewer_zone: str


class NextRunsCard:
    """Shows the next runs, and others later."""

    def __init__(self) -> None:
        with box("cx-card cx-next-runs", tag="section"):
            text("Next runs", "cx-h2", tag="h2")
            self._place = box()
        self._shown: NextRuns | None = None

    def show(self, runs: NextRuns) -> None:
        """Show other runs; nothing is sent if they are the same."""
        if runs == self._shown:
            return
        self._shown = runs
        self._place.clear()
        with self._place:
            if runs.is_paused:
                _paused(runs)
            elif runs.fires_ms:
                _fires(runs)
            else:
                text("Its schedule has ended: no fire time is left.", "cx-muted cx-small", tag="p")


def _fires(runs: NextRuns) -> None:
    differs = bool(runs.zone) and runs.zone != runs.viewer_zone
    with box(tag="ol"):
        for number, fire in enumerate(runs.fires_ms, start=1):
            with box("cx-fire", tag="li"):
                text(f"{number}", "cx-fire-number")
                with box("cx-stack cx-grow"):
                    ticking("at", fire, shape="dated").classes("cx-strong")
                    if differs:
                        with box("cx-tiny cx-muted"):
                            ticking("at", fire, shape="short", zone=runs.zone)
                            text(f" in {runs.zone.replace('_', ' ')}")
                ticking("until", fire).classes("cx-small cx-muted cx-nowrap")


def _paused(runs: NextRuns) -> None:
    with box("cx-notice cx-tint-calm"):
        icon("circle-pause")
        with box("cx-stack").style("gap:4px"):
            with box("cx-strong"):
                text("Paused ")
                ticking("ago", runs.paused_ms)
            if runs.why_paused:
                text(runs.why_paused).style("overflow-wrap:anywhere")
            if runs.resumes_ms is not None:
                with box("cx-small"):
                    text(f"Resuming skips {runs.skipped} and fires next ")
                    ticking("at", runs.resumes_ms)
            else:
                text("No fire time is left; give it another schedule first.", "cx-small")
