"""The editor of a job: all its fields, and the draft they make."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from components.editor_basics import EditorBasics
from components.editor_retry import EditorPolicies, EditorRetry
from components.editor_what import EditorWhat
from components.editor_when import EditorWhen
from components.form import Form
from components.markup import box, notice
from components.schedule_preview import PreviewValues, SchedulePreview
from components.section import section
from components.trial import Trial
from cronpp_app.errors import FieldError


class JobForm:
    """Shows `values` (the JSON of a definition); `draft` is what they have become."""

    def __init__(
        self,
        values: Mapping[str, Any],
        *,
        viewer_zone: str,
        now: Callable[[], datetime],
        on_change: Callable[[], Any],
        on_try: Callable[[], Any],
    ) -> None:
        self._on_change = on_change
        form = self._form = Form(self._changed)
        with box("cx-editor"):
            with box("cx-editor-main"):
                self._problems = box()
                with section("The job", "What is it called?", "file-text", "calm"):
                    self._basics = EditorBasics(form, values)
                with section("Schedule", "When should it run?", "calendar-days", "primary"):
                    self.when = EditorWhen(
                        form, values["schedule"], viewer_zone=viewer_zone, now=now
                    )
                with section("Action", "What should Cron++ do?", "globe", "info"):
                    self.what = EditorWhat(form, values["action"])
                with section("Retries", "How stubborn should it be?", "refresh-cw", "warn"):
                    self._retry = EditorRetry(form, values["retry"])
                with section("When things collide", "Or come late", "shield-check", "good"):
                    self._policies = EditorPolicies(form, values)
            with box("cx-editor-side"):
                self._preview = SchedulePreview(viewer_zone=viewer_zone)
                self.trial = Trial(on_try=on_try)

    def draft(self) -> dict[str, Any]:
        """Return the JSON of the job as typed, right or wrong."""
        return {
            **self._basics.draft(),
            "schedule": self.when.draft(),
            "action": self.what.draft(),
            "retry": self._retry.draft(),
            **self._policies.draft(),
        }

    def problems(self) -> list[FieldError]:
        """Return what is wrong but cannot be seen in the draft."""
        return self.what.problems()

    def show_errors(
        self, errors: Sequence[FieldError], *, only: str = "", focus: bool = False
    ) -> None:
        """Show what is wrong at its fields; what has no field stands above them."""
        homeless = self._form.show_errors(errors, only=only, focus=focus)
        self._problems.clear()
        with self._problems:
            for error in homeless:
                notice(f"{error.field}: {error.message}")

    def show_preview(self, values: PreviewValues | None) -> None:
        """Show what the schedule means; None while it means nothing."""
        self.when.words.set_text(values.description if values else "Not complete yet")
        if values:
            self._preview.show(values)
        else:
            self._preview.show_nothing()

    def _changed(self) -> Any:
        self._retry.show_plan()
        return self._on_change()
