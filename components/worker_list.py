"""The workers that keep the jobs going: who they are, and how busy."""

from collections.abc import Sequence
from dataclasses import dataclass

from components.empty import empty_state
from components.markup import box, icon, link, text, ticking


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerRow:
    """A worker as everybody may see it; moments in ms since 1970."""

    id: str
    host: str
    pid: int
    version: str
    slots: int
    busy: int
    started_ms: int
    seen_ms: int


class WorkerHealth:
    """A card with the workers' load in short, leading to all of them."""

    def __init__(self, workers: Sequence[WorkerRow]) -> None:
        with box("cx-card", tag="section"):
            with box("cx-line cx-next-head"):
                text("Workers", "cx-h2 cx-grow", tag="h2")
                link("All workers", "/workers", "cx-small")
            self._list = box("cx-next", tag="ul")
        self._shown: object = None
        self.show(workers)

    def show(self, workers: Sequence[WorkerRow], *, most: int = 4) -> None:
        """Show other workers; nothing is sent if their load is the same."""
        load = [(worker.id, worker.busy, worker.slots) for worker in workers]
        if load == self._shown:
            return
        self._shown = load
        self._list.clear()
        with self._list:
            for worker in workers[:most]:
                with box("cx-worker-line", tag="li"):
                    box("cx-dot", tag="i")
                    text(worker.host, "cx-strong cx-clip cx-grow")
                    _load(worker)
            if len(workers) > most:
                text(f"and {len(workers) - most:,} more", "cx-worker-line cx-muted", tag="li")
            if not workers:
                text("No worker: jobs wait until one starts.", "cx-next-none", tag="li")


class WorkerCards:
    """All workers, one card each."""

    def __init__(self, workers: Sequence[WorkerRow]) -> None:
        self._place = box()
        self._shown: object = None
        self.show(workers)

    def show(self, workers: Sequence[WorkerRow]) -> None:
        """Show other workers; nothing is sent if nothing changed."""
        if workers == self._shown:
            return
        self._shown = workers
        self._place.clear()
        with self._place:
            if not workers:
                with (
                    box("cx-card"),
                    empty_state(
                        "No worker is running",
                        "Jobs wait until one starts, and are then caught up as their misfire "
                        "policies say. Start one on any machine that reaches the database.",
                        icon_name="server",
                    ),
                ):
                    text("python worker.py", "cx-chip")
                return
            with box("cx-worker-cards", tag="ul"):
                for worker in workers:
                    _card(worker)


def _card(worker: WorkerRow) -> None:
    with box("cx-card cx-worker-card", tag="li"):
        with box("cx-line"):
            with box("cx-tile-icon cx-tint-good"):
                icon("server")
            with box("cx-stack cx-grow"):
                text(worker.host, "cx-h2 cx-clip", tag="h2")
                text(worker.id, "cx-tiny cx-muted cx-mono cx-clip")
            text(f"v{worker.version}", "cx-chip")
        _load(worker)
        with box("cx-line cx-small cx-muted"):
            text(f"process {worker.pid}", "cx-figure")
            box("cx-grow")
            text("started")
            ticking("ago", worker.started_ms)
        with box("cx-line cx-small cx-muted"):
            box("cx-dot", tag="i")
            text("last seen")
            ticking("ago", worker.seen_ms)


def _load(worker: WorkerRow) -> None:
    with box("cx-worker-load"):
        text(f"{worker.busy:,} of {worker.slots:,} slots", "cx-small cx-muted cx-figure")
        with box("cx-meter"):
            box().style(f"transform:scaleX({worker.busy / max(worker.slots, 1):.3f})")
