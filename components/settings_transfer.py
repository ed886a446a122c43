"""Taking jobs and data along, and bringing jobs in, under settings."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from components.markup import box, button, icon, link, notice, text, ticking
from components.section import section
from components.words import counted, iso_ms

_MOST_SHOWN = 5
_WHAT_FOR = "Download what is yours; add jobs from a file"
_PLACE = re.compile(r"jobs\[(\d+)\]\.?(.*)")


class TransferSettings:
    """Offers downloads, and a file of jobs to be chosen, which the browser sends to the API.

    `token` is what the page proves itself with; `on_import` is called once what was found in
    the file is to be made.
    """

    def __init__(self, token: str, *, on_import: Callable[[], Any]) -> None:
        self._on_import = on_import
        with section("Export and import", _WHAT_FOR, "file-text", "calm"):
            with box("cx-line cx-wrap"):
                for label, path, name in (
                    ("Download my jobs", "/api/export", "cronpp-jobs.json"),
                    ("Download my data", "/api/auth/me/export", "cronpp-account.json"),
                ):
                    made = link(label, path, "cx-button cx-button-plain", icon_name="arrow-down")
                    made.props["download"] = name
                _chooser(token)
            self._place = box("cx-stack").style("gap:10px")
            self._place.props["aria-live"] = "polite"

    def show_busy(self, name: str) -> None:
        """Say that the file called `name` is being looked at."""
        self._place.clear()
        with self._place, box("cx-line cx-small cx-muted"):
            icon("loader", "cx-turning")
            text(f"Checking {name} …", "cx-copied")

    def show_found(self, name: str, jobs: Sequence[Mapping[str, Any]], *, number: int) -> None:
        """Show the first of the `number` jobs in the file, and ask whether to make them."""
        self._place.clear()
        if not number:
            self.show_problems([{"field": "", "message": f"There are no jobs in {name}."}])
            return
        with self._place:
            with box("cx-rows", tag="ul"):
                for job in jobs[:_MOST_SHOWN]:
                    _job(job)
                if number > _MOST_SHOWN:
                    words = f"and {number - _MOST_SHOWN:,} more"
                    text(words, "cx-row-line cx-small cx-muted", tag="li")
            text("They are added to the jobs you already have.", "cx-small cx-muted", tag="p")
            with box("cx-line cx-wrap"):
                words = f"Import {counted(number, 'job')}"
                button(words, self._on_import, "cx-button-primary", icon_name="check").mark(
                    "import"
                )
                button("Cancel", self.clear).mark("import-cancel")

    def show_problems(self, problems: Sequence[Mapping[str, Any]]) -> None:
        """Say what is wrong with the file: nothing of it has been made."""
        self._place.clear()
        with self._place:
            notice("Nothing was imported.").mark("import-problems")
            with box("cx-rows", tag="ul"):
                for problem in problems[:_MOST_SHOWN]:
                    with box("cx-row-line", tag="li"):
                        text(_told(problem), "cx-small cx-copied")
                if len(problems) > _MOST_SHOWN:
                    words = f"and {counted(len(problems) - _MOST_SHOWN, 'more problem')}"
                    text(words, "cx-row-line cx-small cx-muted", tag="li")

    def clear(self) -> None:
        """Show nothing of a file any more."""
        self._place.clear()


def _chooser(token: str) -> None:
    # A label is a button that opens the browser's own choice of a file, for every key, too.
    with box("cx-button cx-button-plain cx-file", tag="label"):
        icon("arrow-up")
        text("Import jobs …")
        field = box("cx-unseen", tag="input").mark("import-file")
        field.props.update({"type": "file", "accept": ".json,application/json"})
        field.props["data-cx-import"] = token


def _job(job: Mapping[str, Any]) -> None:
    with box("cx-row-line", tag="li"):
        text(str(job["name"]), "cx-strong cx-clip cx-grow").props["title"] = str(job["name"])
        with box("cx-small cx-muted cx-nowrap"):
            if job["next_run_time"]:
                text("next ")
                ticking("at", iso_ms(str(job["next_run_time"])))
            else:
                text("paused" if not job["enabled"] else "no time left")


def _told(problem: Mapping[str, Any]) -> str:
    field, message = str(problem["field"]), str(problem["message"])
    found = _PLACE.fullmatch(field)
    if found:
        field = f"Job {int(found[1]) + 1}" + (f", {found[2]}" if found[2] else "")
    elif field == "request":
        field = "The file"
    return f"{field}: {message}" if field else message
