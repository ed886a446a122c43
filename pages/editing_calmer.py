"""Offering a quieter minute to a cron that would fire with many others of the same person."""

from nicegui import background_tasks

from cronpp_app.clock import utc_now
from cronpp_app.domain.load import Load, calmer_minute
from cronpp_app.domain.schedules import CronSchedule
from cronpp_app.errors import InvalidInput
from cronpp_app.services.accounts import User
from cronpp_app.services.drafts import parse_schedule
from pages.editing import Editing
from pages.visitor import Visitor


class Calmer:
    """Knows the coming day's load as it was when the editor was opened."""

    def __init__(self, visitor: Visitor, editing: Editing) -> None:
        self._visitor = visitor
        self._editing = editing
        self._load: Load | None = None

    def begin(self) -> None:
        """Look at the coming day, and offer what follows from it."""
        background_tasks.create(self._visitor.guarded(self._look)(), name="load of the day")

    async def changed(self, user: User) -> None:
        """Follow a change of the form."""
        await self._editing.changed(user)
        self._offer()

    async def _look(self, user: User) -> None:
        self._load = await self._visitor.services.histories.day_ahead(user)
        if not self._visitor.client.is_deleted:
            self._offer()

    def _offer(self) -> None:
        if self._load is None:
            return
        form = self._editing.form
        try:
            schedule = parse_schedule(form.when.draft(), now=utc_now())
        except InvalidInput:
            schedule = None
        offer = None
        if isinstance(schedule, CronSchedule):
            offer = calmer_minute(self._load, schedule)
        form.when.calmer.show(offer)
