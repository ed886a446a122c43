"""The account under settings: leaving for good."""

from collections.abc import Callable, Sequence
from typing import Any

from components.confirm import confirm
from components.form import Form
from components.markup import box, button, text
from components.password_fields import password_field, whose
from components.section import section
from cronpp_app.errors import FieldError


class LeavingSettings:
    """Asks twice whether to delete the account; `on_leave` gets the password then."""

    def __init__(self, email: str, *, on_leave: Callable[[str], Any]) -> None:
        self._email = email
        self._on_leave = on_leave
        self._form = Form(lambda: None)
        words = "With all jobs, runs, logs, tokens and secrets, for good"
        with section("Delete account", words, "triangle-alert", "bad"):
            text(
                "Calls under way are aborted, nothing fires any more, and nobody can undo it. "
                "Download your data first if you might want it.",
                "cx-muted",
                tag="p",
            )
            # A form, so that Enter sends it and password managers know what they see.
            with box("cx-pane", tag="form").on("submit.prevent", self._ask, args=[]) as form:
                form.props["method"] = "post"
                whose(email)
                with box("cx-two-fields"):
                    self._password = password_field(self._form, "password", "Your password")
                    self._password.mark("leaving-password")
                with box():
                    made = button("Delete my account …", None, "cx-button-bad", icon_name="trash")
                    made.mark("delete-account").props["type"] = "submit"

    def show_errors(self, errors: Sequence[FieldError]) -> None:
        """Show what is wrong at its field."""
        self._form.show_errors(errors, focus=True)

    def _ask(self) -> None:
        password = self._password.value or ""
        if not password:
            self.show_errors([FieldError("password", "Is needed to delete the account.")])
            return
        self.show_errors([])

        async def leave() -> None:
            await self._on_leave(password)

        confirm(
            "Delete your account?",
            "All your jobs stop now, and everything that is yours is removed.",
            action="Delete everything",
            on_yes=leave,
            typed=self._email,
        )
