"""A draft that the browser kept while the connection was lost, shown again."""

from typing import Any

from cronpp_app.services.accounts import User
from pages.editing import Editing
from pages.visitor import Visitor

_PARTS = ("schedule", "action", "retry", "misfire")


async def restore(visitor: Visitor, editing: Editing, _: User, kept: object) -> None:
    """Show what the browser `kept`, unless somebody has begun to type already."""
    draft = _usable(kept, user_id=visitor.user.id)
    if draft is None or editing.is_dirty:
        return
    saved = editing.form.draft()
    try:
        await editing.fill(draft)
    except (KeyError, ValueError, TypeError, AttributeError):  # kept by another version of us
        await editing.fill(saved)
        return
    if editing.is_dirty:
        visitor.tell("What you had typed is back; it is not saved yet.")


def _usable(kept: object, *, user_id: str) -> dict[str, Any] | None:
    """Return what the browser kept if it is a draft of this form by this person, else None."""
    if not isinstance(kept, dict) or kept.get("user_id") != user_id:
        return None
    draft = kept.get("draft")
    if not isinstance(draft, dict) or not isinstance(draft.get("name"), str):
        return None
    return draft if all(isinstance(draft.get(part), dict) for part in _PARTS) else None
