"""The settings of a person: zone, password, theme."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from components.form import Form
from components.markup import box, button, text
from components.password_fields import password_field, whose
from components.section import section
from components.segments import Segments
from components.zone_field import zone_field
from cronpp_app.errors import FieldError

_THEMES = {"light": "Light", "dark": "Dark", "auto": "As the system"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsValues:
    """What the settings tell of a person."""

    email: str
    role: str
    since: str
    timezone: str
    theme: str


class SettingsForm:
    """Shows settings; each of them is kept by its own callback."""

    def __init__(
        self,
        values: SettingsValues,
        *,
        on_timezone: Callable[[str], Any],
        on_password: Callable[[Mapping[str, str]], Any],
        on_theme: Callable[[str], Any],
    ) -> None:
        with section("Profile", "Your account", "user", "primary"):
            _profile(values)
        with section("Time zone", "Times are shown in this zone", "globe", "info"):
            self._zone_form = Form(lambda: on_timezone(self._zone.value))
            self._zone = zone_field(self._zone_form, "timezone", "Time zone", values.timezone)
        with section("Theme", "In this browser", "sun", "warn"):
            Segments("Theme", _THEMES, values.theme, on_change=on_theme)
        with section("Password", "Changing it ends all your other sessions", "lock", "good"):
            self._draw_password(values.email, on_password)

    def show_errors(self, errors: Sequence[FieldError]) -> None:
        """Show what is wrong at its fields."""
        self._password_form.show_errors(errors, focus=True)

    def clear_passwords(self) -> None:
        """Forget what was typed into the password fields."""
        for made in self._passwords.values():
            made.value = ""
        self._password_form.show_errors([])

    def _draw_password(self, email: str, on_password: Callable[[Mapping[str, str]], Any]) -> None:
        self._password_form = Form(lambda: None)
        self._passwords: dict[str, ui.input] = {}

        def send() -> Any:
            return on_password({name: made.value or "" for name, made in self._passwords.items()})

        # A form, so that Enter sends it and password managers know what they see.
        with box("cx-pane", tag="form").on("submit.prevent", send, args=[]) as form:
            form.props["method"] = "post"
            whose(email)
            with box("cx-two-fields"):
                for name, label in (("current", "Current password"), ("new", "New password")):
                    made = password_field(self._password_form, name, label, is_new=name == "new")
                    self._passwords[name] = made.mark(f"password-{name}")
            with box():
                send_it = button("Change password", None, "cx-button-primary")
                send_it.mark("change-password").props["type"] = "submit"


def _profile(values: SettingsValues) -> None:
    with box("cx-pairs", tag="dl"):
        for label, words in (
            ("Email", values.email),
            ("Role", values.role),
            ("Member since", values.since),
        ):
            text(label, tag="dt")
            text(words, tag="dd")
