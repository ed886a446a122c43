"""Small coloured marks: statuses and HTTP methods."""

from nicegui import ui

from components.markup import text
from components.words import STATUS_WORDS


def status_badge(status: str) -> ui.element:
    """Return the badge of a job's, a run's or an attempt's status."""
    return text(STATUS_WORDS.get(status, status), f"cx-badge cx-badge-{status}")


def method_mark(method: str) -> ui.element:
    """Return the mark of an HTTP method, or LOG."""
    return text(method, f"cx-method cx-method-{method}")
