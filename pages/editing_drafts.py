"""Drafts that outlive a lost connection: the browser keeps them, for its tab and session only."""

import asyncio
import json
from typing import Any

from nicegui import background_tasks

from cronpp_app.domain.secrets import DOTS, is_secret_header
from pages.visitor import Visitor

_AFTER_SECONDS = 0.4


class KeptDraft:
    """Has the browser keep the latest draft, once typing pauses."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._draft: dict[str, Any] | None = None
        self._is_waiting = self._is_kept = False

    def keep(self, draft: dict[str, Any] | None) -> None:
        """Keep `draft`; None forgets what is kept."""
        if draft is None and not (self._is_kept or self._is_waiting):
            return
        self._draft = draft
        if draft is None:
            self._send()
        elif not self._is_waiting:
            self._is_waiting = True
            background_tasks.create(self._send_soon(), name="keep a draft")

    async def _send_soon(self) -> None:
        await asyncio.sleep(_AFTER_SECONDS)
        self._is_waiting = False
        self._send()

    def _send(self) -> None:
        self._is_kept = self._draft is not None
        kept = None
        if self._draft is not None:
            # Whoever signs in next in this tab is not shown what somebody else typed.
            kept = {"user_id": self._visitor.user.id, "draft": _without_secrets(self._draft)}
        if not self._visitor.client.is_deleted:
            self._visitor.client.run_javascript(f"cxKeepDraft({json.dumps(kept)})")


def _without_secrets(draft: dict[str, Any]) -> dict[str, Any]:
    """Return `draft` with the values of secret headers left out; masks may stay."""
    marked = set(draft["action"].get("secret_headers", ()))
    headers = {
        name: "" if (is_secret_header(name) or name in marked) and DOTS not in value else value
        for name, value in draft["action"].get("headers", {}).items()
    }
    action = draft["action"] | ({"headers": headers} if headers else {})
    return {**draft, "action": action}
