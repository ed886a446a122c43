"""The workers, for everybody: who keeps the jobs going, and how busy they are."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nicegui import ui

from components.markup import text
from components.page_head import page_head
from components.words import counted, epoch_ms
from components.worker_list import WorkerCards, WorkerRow
from cronpp_app.services.overview import WorkerInfo
from pages.framed import framed
from pages.routes import page
from pages.visitor import visitor_of

if TYPE_CHECKING:
    from cronpp_app.composition import Services

# Workers tell that they are alive every few seconds; nobody sees more by asking more often.
_LOOK_EVERY_SECONDS = 5.0


def register(services: "Services") -> None:
    """Register /workers."""

    @page("/workers", "Workers")
    async def workers_page() -> None:
        visitor = visitor_of(services)
        workers = await services.overviews.workers()
        async with framed(visitor, "/workers"):
            with page_head("Workers", "They run what is due"):
                in_short = text(_in_short(workers), "cx-muted cx-small cx-figure cx-only-wide")
            cards = WorkerCards(worker_rows(workers))

        async def look() -> None:
            await visitor.me()
            now = await services.overviews.workers()
            in_short.set_text(_in_short(now))
            cards.show(worker_rows(now))

        timer = ui.timer(_LOOK_EVERY_SECONDS, visitor.guarded(lambda _: look()), immediate=False)
        # A tab that nobody sees asks for nothing.
        ui.on("cx_visible", lambda event: timer.activate() if event.args else timer.deactivate())


def worker_rows(workers: Sequence[WorkerInfo]) -> list[WorkerRow]:
    """Return workers as they are shown."""
    return [
        WorkerRow(
            id=worker.id,
            host=worker.host,
            pid=worker.pid,
            version=worker.version,
            slots=worker.slots,
            busy=worker.busy,
            started_ms=epoch_ms(worker.started_at) or 0,
            seen_ms=epoch_ms(worker.seen_at) or 0,
        )
        for worker in workers
    ]


def _in_short(workers: Sequence[WorkerInfo]) -> str:
    slots, busy = sum(w.slots for w in workers), sum(w.busy for w in workers)
    if not workers:
        return ""
    hosts = len({worker.host for worker in workers})
    where = f"{counted(len(workers), 'worker')} on {counted(hosts, 'host')}"
    return f"{where}, {busy:,} of {slots:,} slots in use"
