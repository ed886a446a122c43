"""Secrets under settings: the one that signs calls, and those that jobs refer to by name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from nicegui import ui

from components.copying import copyable
from components.form import Form, text_field
from components.markup import box, button, icon, icon_button, text, ticking
from components.section import section
from components.words import counted
from cronpp_app.errors import FieldError


class SigningSettings:
    """Shows the signing secret when asked to; it can be replaced by another."""

    def __init__(self, *, on_show: Callable[..., Any], on_replace: Callable[..., Any]) -> None:
        words = "Your targets use it to check that a call comes from here"
        with section("Signing secret", words, "shield-check", "good"):
            self._place = box("cx-stack").style("gap:10px")
            with box("cx-line cx-wrap"):
                self._show = button("Show", on_show, icon_name="eye").mark("show-signing")
                button("Replace …", on_replace, icon_name="refresh-cw").mark("replace-signing")

    def show(self, secret: str, *, previous_until: int | None) -> None:
        """Show the secret, and until when (ms since 1970) the one before signs as well."""
        self._show.set_visibility(False)
        self._place.clear()
        with self._place:
            copyable(secret, "Copy the signing secret")
            if previous_until is not None:
                with box("cx-notice cx-tint-info"):
                    icon("info")
                    with box("cx-grow"):
                        text("Calls are signed with both secrets until ")
                        ticking("at", previous_until)
                        text(".")


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRow:
    """A secret as it may be shown."""

    name: str
    shown: str
    used_by: int


class SecretSettings:
    """Shows secrets; `on_save` gets name and value, `on_delete` a name."""

    def __init__(
        self,
        rows: Sequence[SecretRow],
        *,
        on_save: Callable[[Mapping[str, str]], Any],
        on_delete: Callable[[str], Any],
    ) -> None:
        self._on_delete = on_delete
        words = "Write {{secret.NAME}} in a URL, header or body; the value stays here"
        with section("Secrets", words, "lock", "warn"):
            self._list = box("cx-rows", tag="ul")
            self._form = Form(lambda: None)
            with box("cx-two-fields"):
                self._name = text_field(
                    self._form, "name", "Name", "", classes="cx-mono-input"
                ).mark("secret-name")
                self._name.props('placeholder="GITHUB_TOKEN" spellcheck=false')
                self._value = text_field(self._form, "value", "Value", "").mark("secret-value")
                self._value.props("autocomplete=off spellcheck=false").classes("cx-secret")
            with box():
                button(
                    "Save secret",
                    lambda: on_save(self._typed()),
                    "cx-button-primary",
                    icon_name="check",
                ).mark("save-secret")
        self.show(rows)

    def show(self, rows: Sequence[SecretRow]) -> None:
        """Show these secrets."""
        self._list.clear()
        with self._list:
            for row in rows:
                self._row(row)
        self._list.set_visibility(bool(rows))

    def show_errors(self, errors: Sequence[FieldError]) -> None:
        """Show what is wrong with the form at its fields."""
        self._form.show_errors(errors, focus=True)

    def forget(self) -> None:
        """Empty the form."""
        self._name.value = self._value.value = ""
        self._form.show_errors([])

    def _typed(self) -> dict[str, str]:
        return {"name": (self._name.value or "").strip(), "value": self._value.value or ""}

    def _row(self, row: SecretRow) -> None:
        with box("cx-row-line", tag="li"):
            with box("cx-stack cx-grow"):
                text(row.name, "cx-mono cx-strong cx-clip")
                used = f"used by {counted(row.used_by, 'job')}" if row.used_by else "not used yet"
                text(f"{row.shown} · {used}", "cx-small cx-muted")
            change = button("Change", None, "cx-button-quiet cx-button-small")
            change.props["aria-label"] = f"Change the value of {row.name}"
            change.on("click", partial(self._change, row.name), args=[])
            remove = icon_button(f"Delete the secret {row.name}", "trash").mark("delete-secret")
            remove.on("click", partial(self._on_delete, row.name), args=[])

    def _change(self, name: str) -> None:
        self._name.value = name
        ui.run_javascript(f"document.getElementById('{self._value.html_id}')?.focus()")
