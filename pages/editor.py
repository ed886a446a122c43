"""Making a job, and changing one."""

from functools import partial
from typing import TYPE_CHECKING, Any

from nicegui import ui

from components.changed_elsewhere import ChangedElsewhere
from components.editor_head import editor_head
from components.job_form import JobForm
from components.markup import box
from components.theme import theme_of
from cronpp_app.clock import utc_now
from cronpp_app.domain.jobs import Job
from cronpp_app.errors import NotFound
from cronpp_app.services.drafts import definition_fields
from pages.editing import Editing
from pages.editing_calmer import Calmer
from pages.editing_elsewhere import Elsewhere
from pages.editing_paste import Pasting
from pages.editing_restore import restore
from pages.editing_save import Saving
from pages.editing_trial import Trying
from pages.framed import framed
from pages.live import Live
from pages.lost import draw_not_found
from pages.new_job import new_job_values
from pages.routes import page
from pages.visitor import Visitor, visitor_of

if TYPE_CHECKING:
    from cronpp_app.composition import Services


def register(services: "Services") -> None:
    """Register /jobs/new and /jobs/{id}/edit."""

    @page("/jobs/new", "New job")
    async def new_job_page() -> None:
        visitor = visitor_of(services)
        await _show(visitor, None, new_job_values(visitor.user.timezone))

    @page("/jobs/{job_id}/edit", "Edit job")
    async def edit_job_page(job_id: str) -> None:
        visitor = visitor_of(services)
        try:
            job = await services.jobs.get(visitor.user, job_id)
        except NotFound:
            draw_not_found()
            return
        await _show(visitor, job, definition_fields(job.definition))


async def _show(visitor: Visitor, job: Job | None, values: dict[str, Any]) -> None:
    def draw(shown: dict[str, Any]) -> JobForm:
        place.clear()
        with place:
            return JobForm(
                shown,
                viewer_zone=visitor.user.timezone,
                now=utc_now,
                on_change=visitor.guarded(calmer.changed),
                on_try=visitor.guarded(Trying(visitor, editing).try_out),
            )

    editing = Editing(visitor, job, draw=draw)
    saving, calmer = Saving(visitor, editing), Calmer(visitor, editing)
    async with framed(visitor, "/jobs"):
        editor_head(is_new=job is None, on_save=visitor.guarded(saving.save))
        elsewhere = Elsewhere(visitor, editing, saving, ChangedElsewhere())
        pasting = Pasting(visitor, editing)
        place = box()
    await editing.begin(values)
    live = Live(visitor, elsewhere.on_batch)
    ui.on("cx_visible", lambda event: _set_visible(editing, live, bool(event.args)))
    ui.on("cx_pasted", lambda event: pasting.on_text(str(event.args)))
    restored = visitor.guarded(partial(restore, visitor, editing))
    ui.on("cx_draft", lambda event: restored(event.args))
    # Only the browser knows what "as the system" is; it answers as if the theme had changed.
    ui.on("cx_dark", lambda event: editing.set_dark(bool(event.args)))
    if await live.begin():
        calmer.begin()
        with visitor.client:
            editing.connected(dark=theme_of(visitor.client) == "dark")
            ui.run_javascript("emitEvent('cx_dark', Quasar.Dark.isActive); cxOfferDraft()")


async def _set_visible(editing: Editing, live: Live, visible: bool) -> None:
    editing.preview.set_visible(visible)
    await live.set_visible(visible)
