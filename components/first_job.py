"""The dashboard of somebody who has no job yet: what to do first."""

from components.empty import empty_state
from components.markup import box, icon, text

_STEPS = (
    ("calendar-clock", "Say when", "Cron, an interval or one moment, on the clock of any zone."),
    ("globe", "Say what", "A URL with method, headers and body; or paste a curl command."),
    ("activity", "Watch it", "Every attempt is kept with request, response and error."),
)


def first_job() -> None:
    """Draw the way to the first job."""
    with box("cx-card"):
        with empty_state(
            "Create your first job",
            "Cron++ calls your URL on schedule, retries what fails and keeps every response.",
            icon_name="alarm-clock-plus",
        ):
            create = box("cx-button cx-button-primary", tag="a")
            create.props["href"] = "/jobs/new"
            with create:
                icon("plus")
                text("New job")
        with box("cx-steps", tag="ol"):
            for icon_name, title, words in _STEPS:
                with box("cx-step", tag="li"):
                    with box("cx-tile-icon cx-tint-primary"):
                        icon(icon_name)
                    with box("cx-stack"):
                        text(title, "cx-strong")
                        text(words, "cx-small cx-muted")
