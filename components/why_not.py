"""Why a run did not happen, in plain words, and what to do about it."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from components.markup import box, icon, link, text


class WhyNot(NamedTuple):
    """The reason as a headline, what it means, and what to change if it was not wanted."""

    title: str
    means: str
    try_this: str


# What a reason in the ledger begins with or holds, in the order to look.
_REASONS: Final = (
    (
        "poison",
        WhyNot(
            "It took three workers down",
            "Three attempts in a row ended with their worker gone, so it was not tried again.",
            "Look at the workers' logs and memory at that time before you run it again.",
        ),
    ),
    (
        "overlap policy",
        WhyNot(
            "The previous run was still going",
            "This job may not overlap with itself, and its next time came too early.",
            "Make the target faster, fire less often, or let the job queue or overlap.",
        ),
    ),
    (
        "Cancelled by hand",
        WhyNot(
            "Somebody cancelled it",
            "It was cancelled on a page or through the API.",
            "Run it again if that was a mistake.",
        ),
    ),
    (
        "deleted",
        WhyNot(
            "Its job was deleted",
            "Deleting a job cancels all its waiting runs.",
            "Nothing; the ledger keeps this row for the record.",
        ),
    ),
    (
        "paused",
        WhyNot(
            "The job was paused",
            "While a job is paused nothing starts, and times that pass are not caught up.",
            "Resume the job; run it now if this time mattered.",
        ),
    ),
    (
        "edited",
        WhyNot(
            "The schedule was changed",
            "The new schedule no longer includes this time.",
            "Nothing, if the new schedule is as you want it.",
        ),
    ),
    (
        "schedule was changed",
        WhyNot(
            "The schedule was changed",
            "It was changed before a worker noticed this time.",
            "Nothing, if the new schedule is as you want it.",
        ),
    ),
    (
        "policy is skip",
        WhyNot(
            "It was noticed too late",
            "No worker was there in time, and this job does not catch up on missed times.",
            "Keep a worker running; choose another misfire policy to catch up next time.",
        ),
    ),
    (
        "policy is latest",
        WhyNot(
            "A later time stood in for it",
            "No worker was there in time; of all missed times only the latest was run.",
            "Keep a worker running; the misfire policy “all” would run each of them.",
        ),
    ),
    (
        "too old",
        WhyNot(
            "It was too old to catch up",
            "No worker was there for so long that the misfire policy let these times go.",
            "Keep a worker running, or allow a greater age or number in the misfire policy.",
        ),
    ),
)
_OTHERWISE: Final = WhyNot(
    "It did not run", "The reason is given below.", "Run it again if it matters."
)


def why_not(reason: str) -> WhyNot:
    """Return a reason of the ledger in plain words."""
    return next((words for part, words in _REASONS if part in reason), _OTHERWISE)


def why_not_panel(run: Mapping[str, Any]) -> None:
    """Draw why `run` (the JSON of the public interface) did not happen, or was given up."""
    words = why_not(run["reason"])
    with box("cx-card cx-why", tag="section").mark("why-not"):
        with box("cx-tile-icon cx-tint-warn"):
            icon("circle-slash")
        with box("cx-stack cx-grow").style("gap:8px"):
            text(words.title, "cx-h2", tag="h2")
            text(words.means, tag="p")
            with box("cx-advice", tag="p"):
                text("What to try: ", "cx-strong")
                text(words.try_this)
            text(run["reason"], "cx-small cx-muted", tag="p").style("overflow-wrap:anywhere")
            link("Open the job", f"/jobs/{run['job_id']}", "cx-small")
