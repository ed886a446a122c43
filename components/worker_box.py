"""Whether anybody works, at the foot of the drawer of every page."""

from collections.abc import Sequence

from components.markup import box, text
from components.words import counted

# Slots and busy slots of each worker.
Load = Sequence[tuple[int, int]]


class WorkerBox:
    """Shows the workers' load in short, or that there is none; other ones later."""

    def __init__(self, workers: Load) -> None:
        self._place = box("cx-workers").mark("worker-box")
        self._shown: Load | None = None
        self.show(workers)

    def show(self, workers: Load) -> None:
        """Show other workers; nothing is sent if their load is the same."""
        if workers == self._shown:
            return
        self._shown = workers
        self._place.clear()
        with self._place:
            _draw(workers)


def _draw(workers: Load) -> None:
    slots, busy = sum(slots for slots, _ in workers), sum(busy for _, busy in workers)
    with box("cx-line"):
        box("cx-dot" if workers else "cx-dot cx-dot-bad", tag="i")
        text("Workers ready" if workers else "No worker", "cx-small cx-strong")
    if not workers:
        text("Jobs wait until one starts: python worker.py", "cx-tiny cx-muted")
        return
    words = f"{counted(len(workers), 'worker')} · {busy:,} of {slots:,} slots in use"
    text(words, "cx-tiny cx-muted cx-figure")
    with box("cx-meter"):
        box().style(f"transform:scaleX({busy / max(slots, 1):.3f})")
