"""Making a job, and changing one."""

from typing import TYPE_CHECKING, Any

from nicegui import ui

from components.changed_elsewhere import ChangedElsewhere
from components.job_form import JobForm
from components.markup import box, button, icon, text
from components.paste_box import PasteBox
from components.theme import theme_of
from cronpp_app.clock import utc_now
from cronpp_app.domain.jobs import Job
from cronpp_app.errors import NotFound
from cronpp_app.services.drafts import definition_fields
from pages.editing import Editing
from pages.editing_elsewhere import Elsewhere
from pages.editing_tools import EditingTools
from pages.framed import framed
from pages.live import Live
from pages.lost import draw_not_found
from pages.routes import page
from pages.visitor import Visitor, visitor_of

if TYPE_CHECKING:
    from cronpp_app.composition import Services

# What a new job starts with: the defaults of the public interface, and a schedule to look at.
_NEW: dict[str, Any] = {
    "name": "",
    "description": "",
    "tags": [],
    "action": {"kind": "http", "method": "GET", "url": ""},
    "retry": {
        "max_retries": 3,
        "backoff": "exponential",
        "base_seconds": 10,
        "max_seconds": 3_600,
        "jitter": True,
    },
    "overlap": "skip",
    "misfire": {
        "policy": "latest",
        "grace_seconds": 60,
        "max_age_seconds": 86_400,
        "max_runs": 100,
    },
}


def register(services: "Services") -> None:
    """Register /jobs/new and /jobs/{id}/edit."""

    @page("/jobs/new", "New job")
    async def new_job_page() -> None:
        visitor = visitor_of(services)
        schedule = {"kind": "cron", "cron": "0 9 * * 1-5", "timezone": visitor.user.timezone}
        await _show(visitor, None, _NEW | {"schedule": schedule})

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
                on_change=visitor.guarded(editing.changed),
                on_try=visitor.guarded(tools.try_out),
            )

    editing = Editing(visitor, job, draw=draw)
    tools = EditingTools(visitor, editing)
    async with framed(visitor, "/jobs"):
        _head(editing, is_new=job is None)
        elsewhere = Elsewhere(visitor, editing, ChangedElsewhere())
        tools.paste_box = PasteBox(
            on_text=visitor.guarded(tools.paste), on_undo=visitor.guarded(tools.undo_paste)
        )
        place = box()
    await editing.begin(values)
    live = Live(visitor, elsewhere.on_batch)
    ui.on("cx_visible", lambda event: _set_visible(editing, live, bool(event.args)))
    paste, restore = visitor.guarded(tools.paste), visitor.guarded(tools.restore)
    ui.on("cx_pasted", lambda event: paste(str(event.args)))
    ui.on("cx_draft", lambda event: restore(event.args))
    # Only the browser knows what "as the system" is; it answers as if the theme had changed.
    ui.on("cx_dark", lambda event: editing.set_dark(bool(event.args)))
    await visitor.client.connected()
    with visitor.client:
        editing.connected(dark=theme_of(visitor.client) == "dark")
        ui.run_javascript("emitEvent('cx_dark', Quasar.Dark.isActive); cxOfferDraft()")
    live.start()


async def _set_visible(editing: Editing, live: Live, visible: bool) -> None:
    editing.set_visible(visible)
    await live.set_visible(visible)


def _head(editing: Editing, *, is_new: bool) -> None:
    with box("cx-page-head cx-editor-head"):
        back = box("cx-icon-button", tag="a")
        back.props.update({"href": "/jobs", "aria-label": "Back to all jobs", "title": "Back"})
        with back:
            icon("arrow-left")
        text("New job" if is_new else "Edit job", "cx-h1 cx-grow", tag="h1")
        with box("cx-editor-actions"):
            with box("cx-button cx-button-plain", tag="a") as cancel:
                text("Cancel")
            cancel.props["href"] = "/jobs"
            words = "Create job" if is_new else "Save job"
            button(words, editing.save, "cx-button-primary", icon_name="check").mark("save")
