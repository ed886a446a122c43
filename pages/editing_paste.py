"""Filling in the form from a command."""

from typing import Any

from components.paste_box import PasteBox
from cronpp_app.clock import utc_now
from cronpp_app.domain.descriptions import describe
from cronpp_app.services.accounts import User
from cronpp_app.services.drafts import parse_schedule
from cronpp_app.services.pasted import Pasted, UnreadableCommand, read_pasted
from pages.editing import Editing
from pages.visitor import Visitor

_KEPT_OF_ACTION = ("timeout_seconds", "success_statuses")


class Pasting:
    """Draws the place to paste into, and fills one editor from it."""

    def __init__(self, visitor: Visitor, editing: Editing) -> None:
        self._editing = editing
        self._before: dict[str, Any] | None = None
        self.on_text = visitor.guarded(self._paste)
        self._box = PasteBox(on_text=self.on_text, on_undo=visitor.guarded(self._undo))

    async def _paste(self, user: User, text: str) -> None:
        """Fill the form from a command, and say what was understood."""
        try:
            found = read_pasted(text, timezone=user.timezone)
        except UnreadableCommand as error:
            self._box.show_error(str(error))
            return
        self._before = self._editing.form.draft()
        await self._editing.fill(_merged(self._before, found))
        self._box.show_found(f"Filled in: {_told(found)}", found.notes)

    async def _undo(self, _: User) -> None:
        """Put back what the form said before."""
        before, self._before = self._before, None
        if before is not None:
            self._box.forget()  # first: the next command may be pasted while the form is filled
            await self._editing.fill(before)


def _merged(draft: dict[str, Any], found: Pasted) -> dict[str, Any]:
    merged = {**draft, "name": draft["name"] or found.name}
    if found.schedule is not None:
        merged["schedule"] = dict(found.schedule)
    if found.action is not None:
        old = draft["action"]
        kept = {name: old[name] for name in _KEPT_OF_ACTION if name in old}
        merged["action"] = {**kept, **found.action}
    if found.max_retries is not None:
        merged["retry"] = {**draft["retry"], "max_retries": found.max_retries}
    return merged


def _told(found: Pasted) -> str:
    parts = []
    if found.action is not None:
        parts.append(f"{found.action['method']} {found.action['url']}")
    if found.schedule is not None:
        parts.append(describe(parse_schedule(found.schedule, now=utc_now())))
    return " · ".join(parts)
