"""The preview of a schedule while it is edited: never of a time that has passed."""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Any

from nicegui import background_tasks

from components.job_form import JobForm
from components.schedule_preview import PreviewValues
from components.words import epoch_ms
from cronpp_app.clock import utc_now
from cronpp_app.errors import InvalidInput
from cronpp_app.services.drafts import parse_schedule
from pages.editing_checks import worded
from pages.visitor import Visitor

log = logging.getLogger("cronpp.pages")

_COUNT = 5
_SHORTEST_SECONDS, _LONGEST_SECONDS = 1.0, 60.0
# A fire time is told as "due now" for a moment before the next takes its place.
_AFTER = timedelta(milliseconds=300)


class Preview:
    """Shows in a form what its schedule means, and again once the first time has passed."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._schedule: object = None
        self._form: JobForm | None = None
        self._first: datetime | None = None
        self._is_visible = True
        self._moved = asyncio.Event()

    async def show(self, form: JobForm, schedule: dict[str, Any]) -> None:
        """Show what `schedule` means, unless that is what `form` shows already."""
        if schedule == self._schedule and form is self._form:
            return
        self._schedule, self._form = schedule, form
        try:
            parsed = parse_schedule(schedule, now=utc_now())
        except InvalidInput as error:
            form.show_errors(worded(error, {"schedule": schedule}), only="schedule.")
            form.show_preview(None)
            self._first = None
            return
        preview = await self._visitor.services.jobs.preview(parsed, count=_COUNT)
        if schedule != self._schedule or form is not self._form:  # typing went on meanwhile
            return
        form.show_errors([], only="schedule.")
        form.show_preview(
            PreviewValues(
                description=preview.description,
                fire_times=[epoch_ms(fire) or 0 for fire in preview.fire_times],
                notes=preview.notes,
                timezone=form.when.timezone,
            )
        )
        self._first = next(iter(preview.fire_times), None)
        self._moved.set()

    def keep_fresh(self) -> None:
        """Show later times as the first ones pass, until the page goes."""
        background_tasks.create(self._follow_clock(), name="preview of a schedule")

    def set_visible(self, visible: bool) -> None:
        """Say whether somebody can see the page; nothing is sent while nobody does."""
        self._is_visible = visible
        self._moved.set()

    async def _follow_clock(self) -> None:
        client = self._visitor.client
        while not client.is_deleted:
            self._moved.clear()
            try:
                async with asyncio.timeout(self._pause()):
                    await self._moved.wait()
            except TimeoutError:
                if not client.is_deleted:
                    with client:
                        await self._again()

    async def _again(self) -> None:
        is_over = self._first is not None and self._first + _AFTER <= utc_now()
        if not (is_over and self._is_visible) or self._form is None:
            return
        form, self._schedule = self._form, None
        try:
            await self.show(form, form.when.draft())
        except Exception:  # the next second may do better
            log.warning("preview not refreshed", exc_info=True)

    def _pause(self) -> float:
        if self._first is None or not self._is_visible:
            return _LONGEST_SECONDS
        left = (self._first + _AFTER - utc_now()).total_seconds()
        return min(max(left, _SHORTEST_SECONDS), _LONGEST_SECONDS)
