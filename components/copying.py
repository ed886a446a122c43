"""Secrets to be copied: a line of text and a button."""

from nicegui import ui

from components.markup import box, button, text


def copyable(secret: str, label: str) -> ui.element:
    """Return a line that shows `secret` and copies it at a press of a button named `label`."""
    line = box("cx-copy")
    with line:
        text(secret, "cx-mono cx-grow cx-copied").props["tabindex"] = "0"
        made = button("Copy", None, "cx-button-plain cx-button-small", icon_name="copy")
        made.props["aria-label"] = label
        made.props["data-cx-copy"] = secret
    return line
