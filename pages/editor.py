"""Making a job, and changing one."""

from typing import TYPE_CHECKING, Any

from nicegui import events, ui

from components.job_form import JobForm
from components.markup import box, button, icon, text
from components.theme import theme_of
from cronpp_app.domain.jobs import Job
from cronpp_app.errors import NotFound
from cronpp_app.services.drafts import definition_fields
from pages.editing import Editing
from pages.framed import framed
from pages.lost import draw_not_found
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

    @ui.page("/jobs/new", title="New job · Cron++")
    async def new_job_page() -> None:
        visitor = visitor_of(services)
        schedule = {"kind": "cron", "cron": "0 9 * * 1-5", "timezone": visitor.user.timezone}
        await _show(visitor, None, _NEW | {"schedule": schedule})

    @ui.page("/jobs/{job_id}/edit", title="Edit job · Cron++")
    async def edit_job_page(job_id: str) -> None:
        visitor = visitor_of(services)
        try:
            job = await services.jobs.get(visitor.user, job_id)
        except NotFound:
            draw_not_found()
            return
        await _show(visitor, job, definition_fields(job.definition))


async def _show(visitor: Visitor, job: Job | None, values: dict[str, Any]) -> None:
    editing = Editing(visitor, job)
    async with framed(visitor, "/"):
        _head(editing, is_new=job is None)
        form = JobForm(
            values, viewer_zone=visitor.user.timezone, on_change=visitor.guarded(editing.changed)
        )
    await editing.begin(form)
    ui.on("cx_dark", lambda event: _follow_theme(form, event))
    await visitor.client.connected()
    # The editor weighs more than the rest of the page; that is there first.
    with visitor.client:
        form.what.body.load(dark=theme_of(visitor.client) == "dark")
        # Only the browser knows what "as the system" is; it answers as if the theme had changed.
        ui.run_javascript("emitEvent('cx_dark', Quasar.Dark.isActive)")


def _head(editing: Editing, *, is_new: bool) -> None:
    with box("cx-page-head cx-editor-head"):
        back = box("cx-icon-button", tag="a")
        back.props.update({"href": "/", "aria-label": "Back to all jobs", "title": "Back"})
        with back:
            icon("arrow-left")
        text("New job" if is_new else "Edit job", "cx-h1 cx-grow", tag="h1")
        with box("cx-editor-actions"):
            with box("cx-button cx-button-plain", tag="a") as cancel:
                text("Cancel")
            cancel.props["href"] = "/"
            words = "Create job" if is_new else "Save job"
            button(words, editing.save, "cx-button-primary", icon_name="check").mark("save")


def _follow_theme(form: JobForm, event: events.GenericEventArguments) -> None:
    form.what.body.set_dark(bool(event.args))
