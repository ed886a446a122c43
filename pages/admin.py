"""Administration: all accounts, the workers, and who did what. For administrators only."""

from typing import TYPE_CHECKING

from nicegui import ui

from components.markup import box
from components.page_head import page_head
from components.worker_list import WorkerHealth
from cronpp_app.services.accounts import User
from cronpp_app.services.administration import Role
from pages.audit_view import AuditView
from pages.framed import framed
from pages.lost import draw_not_found
from pages.people_view import PeopleView
from pages.routes import page
from pages.visitor import Visitor, visitor_of
from pages.workers import worker_rows

if TYPE_CHECKING:
    from cronpp_app.composition import Services

_LOOK_EVERY_SECONDS = 5.0


def register(services: "Services") -> None:
    """Register /admin."""

    @page("/admin", "Admin")
    async def admin_page() -> None:
        visitor = visitor_of(services)
        # As of now, not of the last seconds: everybody else is told that nothing is here.
        now = await services.accounts.user(visitor.user.id)
        if now is None or now.role != Role.ADMIN:
            draw_not_found()
            return
        await _show(visitor)


async def _show(visitor: Visitor) -> None:
    overviews = visitor.services.overviews

    async def show_only(user: User, user_id: str, email: str) -> None:
        await audit.show_person(user, user_id, email)

    async with framed(visitor, "/admin"):
        with page_head("Admin", "Accounts, workers, and who did what"):
            pass
        with box("cx-admin"):
            with box("cx-card", tag="section") as accounts:
                accounts.props["aria-label"] = "Accounts"
                people = PeopleView(visitor, on_only=visitor.guarded(show_only))
            workers = WorkerHealth(worker_rows(await overviews.workers()))
            with box("cx-card", tag="section") as log:
                log.props["aria-label"] = "Audit log"
                audit = AuditView(visitor)
    await people.load(visitor.user)
    await audit.load(visitor.user)

    async def look(user: User) -> None:
        workers.show(worker_rows(await overviews.workers()))
        await audit.look(user)

    timer = ui.timer(_LOOK_EVERY_SECONDS, visitor.guarded(look), immediate=False)
    # A tab that nobody sees asks for nothing.
    ui.on("cx_visible", lambda event: timer.activate() if event.args else timer.deactivate())
