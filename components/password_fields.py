"""Passwords in forms, so that password managers and screen readers know what they see."""

from nicegui import ui

from components.form import Form, labelled
from components.markup import box


def whose(email: str) -> None:
    """Say in the form that is being built whose passwords it asks for, without showing it."""
    username = box("cx-hidden", tag="input")
    username.props.update({"type": "text", "autocomplete": "username", "value": email})
    username.props.update({"aria-hidden": "true", "tabindex": "-1", "readonly": True})


def password_field(form: Form, path: str, label: str, *, is_new: bool = False) -> ui.input:
    """Return a field for a password, the present one or a new one."""
    with labelled(label) as words:
        made = ui.input(password=True).props("outlined dense hide-bottom-space")
        made.props["autocomplete"] = "new-password" if is_new else "current-password"
        words.props["for"] = made.html_id

    def show(message: str | None) -> None:
        made.error = message

    form.add(path, show, html_id=made.html_id)
    return made
