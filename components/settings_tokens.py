"""API tokens under settings: the list, the form for a new one, and its secret, shown once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from components.copying import copyable
from components.form import Form, choice_field, text_field
from components.markup import box, button, icon, icon_button, text, ticking
from components.section import section
from cronpp_app.errors import FieldError

SCOPES = {"read": "Read only", "write": "Read and write"}
LIFETIMES = {30: "30 days", 90: "90 days", 365: "1 year", 0: "No expiry"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """A token as it may be shown; moments are ms since 1970, None where there is none."""

    id: str
    name: str
    scope: str
    ending: str
    last_used: int | None
    expires: int | None


class TokenSettings:
    """Shows tokens; `on_create` gets name, scope and days, `on_delete` the id of a token."""

    def __init__(
        self,
        rows: Sequence[TokenRow],
        *,
        on_create: Callable[[Mapping[str, Any]], Any],
        on_delete: Callable[[str], Any],
    ) -> None:
        self._on_delete = on_delete
        words = "For scripts and other programs, instead of your password"
        with section("API tokens", words, "key-round", "info"):
            self._made = box()
            self._made.props["aria-live"] = "polite"
            self._list = box("cx-rows", tag="ul")
            self._form = Form(lambda: None)
            with box("cx-token-form"):
                self._name = text_field(self._form, "name", "Name", "").mark("token-name")
                self._name.props('placeholder="Deploy script"')
                self._scope = choice_field(self._form, "scope", "Scope", SCOPES, "read")
                self._days = choice_field(self._form, "expires_at", "Expires", LIFETIMES, 90)
            with box():
                button(
                    "Create token",
                    lambda: on_create(self._typed()),
                    "cx-button-primary",
                    icon_name="plus",
                ).mark("create-token")
        self.show(rows)

    def show(self, rows: Sequence[TokenRow]) -> None:
        """Show these tokens."""
        self._list.clear()
        with self._list:
            for row in rows:
                self._row(row)
        self._list.set_visibility(bool(rows))

    def show_made(self, secret: str) -> None:
        """Show the secret of a new token: the only time that it is seen."""
        self._name.value = ""
        self._form.show_errors([])
        self._made.clear()
        with self._made, box("cx-notice cx-tint-good cx-made"):
            icon("circle-check")
            with box("cx-stack cx-grow").style("gap:8px"):
                text("Copy your new token now: it is not shown again.", "cx-strong")
                copyable(secret, "Copy the token")

    def show_errors(self, errors: Sequence[FieldError]) -> None:
        """Show what is wrong with the form at its fields."""
        self._form.show_errors(errors, focus=True)

    def _typed(self) -> dict[str, Any]:
        return {
            "name": self._name.value or "",
            "scope": self._scope.value,
            "days": self._days.value,
        }

    def _row(self, row: TokenRow) -> None:
        with box("cx-row-line", tag="li"):
            with box("cx-stack cx-grow"):
                with box("cx-line cx-wrap"):
                    text(row.name, "cx-strong cx-clip")
                    text(SCOPES[row.scope], "cx-tag")
                with box("cx-small cx-muted cx-wrap cx-line").style("gap:4px 12px"):
                    text(f"cpp_…{row.ending}", "cx-mono")
                    with box(tag="span"):
                        text("used ")
                        ticking("ago", row.last_used, none="never")
                    with box(tag="span"):
                        text("expires ")
                        ticking("at", row.expires, none="never")
            remove = icon_button(f"Delete the token {row.name}", "trash").mark("delete-token")
            remove.on("click", partial(self._on_delete, row.id), args=[])
