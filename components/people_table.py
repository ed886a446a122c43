"""All accounts as a table, with a search above it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from components.live_table import LiveTable, Row
from components.markup import box, icon, text

_COLUMNS = (
    ("person", "Person", None),
    ("role", "Role", None),
    ("standing", "Account", None),
    ("signed", "Last sign-in", None),
    ("count", "Jobs", None),
    ("count", "Runs in 24 h", None),
    ("actions", "", None),
)
# Counting stops there.
_MANY = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """An account as the table shows it; moments in ms since 1970."""

    id: str
    email: str
    is_admin: bool
    is_disabled: bool
    is_me: bool
    since: int
    signed_in: int | None
    jobs: int
    runs_24h: int

    def row(self) -> Row:
        """Return the row of the table."""
        return {
            "id": self.id,
            "email": self.email,
            "is_admin": self.is_admin,
            "is_disabled": self.is_disabled,
            "is_me": self.is_me,
            "since": self.since,
            "signed_in": self.signed_in,
            "jobs": _number(self.jobs),
            "runs": _number(self.runs_24h),
        }


def people_table(
    *,
    on_role: Callable[[str, str, bool], Any],
    on_access: Callable[[str, str, bool], Any],
    on_only: Callable[[str, str], Any],
) -> LiveTable:
    """Return a table of accounts; handlers get id, address, and what the account is now."""
    handlers = {
        "role": lambda arguments: on_role(*arguments),
        "access": lambda arguments: on_access(*arguments),
        "only": lambda arguments: on_only(*arguments),
    }
    return LiveTable(_COLUMNS, "person_row", on=handlers)


def people_bar(on_search: Callable[[str], Any]) -> None:
    """Draw the title and the search."""
    with box("cx-bar"):
        with box("cx-stack cx-grow"):
            text("Accounts", "cx-h2", tag="h2")
            text("Who is here, and what they may do", "cx-small cx-muted")
        search = ui.input(
            placeholder="Beginning of an address", on_change=lambda event: on_search(event.value)
        )
        search.props("outlined dense clearable debounce=120 type=search data-cx-key=/")
        search.props["aria-label"] = "Search accounts"
        search.classes("cx-search").mark("search-people")
        with search.add_slot("prepend"):
            icon("search")


def _number(count: int) -> str:
    return f"{_MANY:,}+" if count >= _MANY else f"{count:,}"
