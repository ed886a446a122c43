"""The audit log as a table, with what it can be narrowed to."""

from collections.abc import Callable
from typing import Any

from nicegui import ui

from components.audit_words import (
    CHOICES,
    WORDS,
    actor_of,
    icon_of,
    name_of,
    note_of,
    tone_of,
    way_of,
)
from components.live_table import LiveTable, Row
from components.markup import box, button, icon, text
from components.words import epoch_ms
from cronpp_app.domain.audit import AuditEntry

_COLUMNS = (
    ("what", "Who did what", None),
    ("way", "How", None),
    ("at", "When", None),
)


def audit_table() -> LiveTable:
    """Return a table of audit entries."""
    return LiveTable(_COLUMNS, "audit_row", on={})


def audit_row(entry: AuditEntry) -> Row:
    """Return what the table shows of an entry; moments in ms since 1970."""
    return {
        "id": entry.id,
        "actor": actor_of(entry),
        "words": WORDS[entry.action],
        "name": name_of(entry),
        "note": note_of(entry),
        "way": way_of(entry),
        "address": entry.address or "",
        "at": epoch_ms(entry.at),
        "icon": icon_of(entry),
        "tone": tone_of(entry),
    }


class AuditBar:
    """Shows what the log is narrowed to; `on_action` gets an action or ""."""

    def __init__(self, *, on_action: Callable[[str], Any], on_everybody: Callable[[], Any]) -> None:
        with box("cx-bar"):
            with box("cx-stack cx-grow"):
                text("Audit log", "cx-h2", tag="h2")
                text("Every change and every sign-in, the newest first", "cx-small cx-muted")
            self._person = button("", on_everybody, "cx-choice cx-only-person")
            self._person.mark("only-person")
            with self._person:
                self._name = text("", "cx-clip")
                icon("x")
            self._person.set_visibility(False)
            made = ui.select(CHOICES, value="", on_change=lambda event: on_action(event.value))
            made.props('outlined dense options-dense popup-content-class="cx-options"')
            made.props["dropdown-icon"] = "chevron-down"
            made.props["aria-label"] = "What was done"
            made.classes("cx-filter cx-audit-filter").mark("audit-action")

    def show_person(self, email: str) -> None:
        """Show that only this person's entries are seen; "" is everybody's."""
        self._name.set_text(f"Only {email}")
        self._person.set_visibility(bool(email))
