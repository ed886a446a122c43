"""The run to compare a failed one with."""

from typing import Any

from cronpp_app.domain.runs import Run
from cronpp_app.services.accounts import User
from cronpp_app.services.drafts import run_fields
from pages.visitor import Visitor


class LastGood:
    """Finds the last good run before a failed one; looks once for each."""

    def __init__(self, visitor: Visitor) -> None:
        self._services = visitor.services
        self._known: dict[str, dict[str, Any] | None] = {}

    async def before(self, user: User, run: Run) -> dict[str, Any] | None:
        """Return that run with its attempts; None if there is none, or nothing failed."""
        if run.error is None:
            return None
        if run.id not in self._known:
            found = await self._services.histories.last_good(user, run)
            self._known[run.id] = (
                run_fields(*await self._services.runs.get(user, found.id)) if found else None
            )
        return self._known[run.id]
