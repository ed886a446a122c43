"""Runs across jobs on a time axis, and the load of the coming day."""

from typing import TYPE_CHECKING

from fastapi import Request
from nicegui import ui

from components.day_load import DayLoad
from components.markup import box, text
from components.page_head import page_head
from components.segments import Segments
from components.timeline import Timeline, timeline_keys
from cronpp_app.services.accounts import User
from pages.framed import framed
from pages.live import Live
from pages.routes import page
from pages.soon import Soon
from pages.timeline_values import SPANS, load_of, timeline_of, totals
from pages.visitor import Visitor, visitor_of

if TYPE_CHECKING:
    from cronpp_app.composition import Services

_FIRST = "hour"


def register(services: "Services") -> None:
    """Register /timeline."""

    @page("/timeline", "Timeline")
    async def timeline_page(request: Request) -> None:
        visitor = visitor_of(services)
        span = request.query_params.get("span", _FIRST)
        async with framed(visitor, "/timeline"):
            view = TimelineView(visitor, span if span in SPANS else _FIRST)
        live = Live(visitor, view.on_batch)
        ui.on("cx_visible", lambda event: live.set_visible(bool(event.args)))
        if await live.begin():
            await visitor.guarded(view.load)()


class TimelineView:
    """One page with the timeline of `span`."""

    def __init__(self, visitor: Visitor, span: str) -> None:
        self._visitor, self._span = visitor, span
        with page_head("Timeline", "What ran when, and how late"):
            pass
        with box("cx-card", tag="section") as card:
            card.props["aria-label"] = "Past"
            with box("cx-bar"):
                options = {name: words for name, (words, _, _) in SPANS.items()}
                Segments("Time shown", options, span, on_change=visitor.guarded(self._pick))
                self._totals = text("", "cx-small cx-muted").mark("totals")
                box("cx-grow cx-only-wide")
                timeline_keys()
            self._timeline = Timeline()
        self._load = DayLoad()
        self._soon = Soon(visitor, self._redraw)

    async def load(self, user: User) -> None:
        """Show the past and the coming day, as of this moment."""
        await self._redraw()
        load = await self._visitor.services.histories.day_ahead(user)
        if not self._visitor.client.is_deleted:
            self._load.show(load_of(load, timezone=user.timezone))

    async def on_batch(self, _: frozenset[str]) -> None:
        """Bring the axis up to date in a moment."""
        await self._visitor.me()
        self._soon.ask()

    async def _redraw(self) -> None:
        user, span = self._visitor.user, self._span
        _, length, step = SPANS[span]
        stretch = await self._visitor.services.histories.stretch(user, length)
        if self._visitor.client.is_deleted or span != self._span:
            return
        self._timeline.show(timeline_of(stretch, step=step, timezone=user.timezone))
        self._totals.set_text(totals(stretch))

    async def _pick(self, _: User, span: str) -> None:
        self._span = span
        address = "/timeline" if span == _FIRST else f"/timeline?span={span}"
        self._visitor.show_address(address)
        await self._redraw()
