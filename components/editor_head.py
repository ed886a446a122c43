"""The top of the editor: what it makes, and saving that."""

from collections.abc import Callable
from typing import Any

from components.markup import box, button, icon, text


def editor_head(*, is_new: bool, on_save: Callable[[], Any]) -> None:
    """Draw the head of an editor of a new job or of a known one."""
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
            button(words, on_save, "cx-button-primary", icon_name="check").mark("save")
