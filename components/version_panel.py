"""The versions of a job: a panel from the right that tells, step by step, what was changed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from nicegui import ui

from components.comparison import compared
from components.markup import box, button, icon, icon_button, text, ticking

# Who needs more lines opens the version's own text by restoring it.
_MOST_LINES: Final = 60
_LONGEST_WORDS: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What a field was and is; of a new field `before` is None, of one that went `after`."""

    label: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """What is told of a version; `changed_ms` is None if it is not known."""

    version: int
    is_present: bool
    how: str
    changed_ms: int | None
    differences: tuple[Difference, ...]
    note: str = ""


class VersionPanel:
    """The panel; `on_restore` gets the number of a version."""

    def __init__(
        self,
        name: str,
        *,
        on_restore: Callable[[int], Any],
        on_more: Callable[..., Any],
        on_hide: Callable[..., Any],
    ) -> None:
        self._on_restore, self._on_more = on_restore, on_more
        self._shown: object = None
        self._dialog = ui.dialog().props("position=right full-height").on("hide", on_hide, args=[])
        self._dialog.props["aria-label"] = "Versions"
        with self._dialog, box("cx-log cx-versions"):
            with box("cx-log-head"):
                with box("cx-stack cx-grow"):
                    text("Versions", "cx-h2", tag="h2")
                    self._name = text(name, "cx-small cx-muted cx-clip")
                icon_button("Close", "x", self._dialog.close).mark("close-versions")
            self._place = box("cx-run-detail cx-version-list", tag="ol")
            self._place.props.update({"tabindex": "0", "aria-label": "Versions, newest first"})

    @property
    def element(self) -> ui.dialog:
        """Return the dialog, to open and to delete."""
        return self._dialog

    def show(self, name: str, rows: Sequence[VersionRow], *, has_more: bool) -> None:
        """Show these versions; nothing is sent if they are the same."""
        if (name, rows, has_more) == self._shown:
            return
        self._shown = (name, rows, has_more)
        self._name.set_text(name)
        self._place.clear()
        with self._place:
            for row in rows:
                self._version(row)
            if has_more:
                with box(tag="li"):
                    button("Older versions", self._on_more, "cx-button-quiet").mark("more-versions")

    def _version(self, row: VersionRow) -> None:
        with box("cx-version", tag="li").mark(f"version-{row.version}"):
            icon("circle-check" if row.is_present else "history", _tone(row))
            with box("cx-card cx-version-card"):
                with box("cx-line cx-wrap"):
                    with box("cx-stack cx-grow"):
                        with box("cx-line").style("gap:8px"):
                            text(f"Version {row.version}", "cx-strong", tag="h3")
                            if row.is_present:
                                text("Present", "cx-tag cx-tag-present")
                        _origin(row)
                    if not row.is_present:
                        self._restore_button(row.version)
                for difference in row.differences:
                    _difference(difference)
                if row.note:
                    text(row.note, "cx-small cx-muted", tag="p")

    def _restore_button(self, version: int) -> None:
        made = button(
            "Restore",
            partial(self._on_restore, version),
            "cx-button-plain cx-button-small",
            icon_name="history",
        )
        made.props["aria-label"] = f"Restore version {version}"
        made.mark(f"restore-{version}")


def _tone(row: VersionRow) -> str:
    return "cx-good" if row.is_present else "cx-muted"


def _origin(row: VersionRow) -> None:
    with box("cx-small cx-muted"):
        text(row.how if row.changed_ms is None else f"{row.how}, ")
        if row.changed_ms is not None:
            ticking("ago", row.changed_ms)


def _difference(difference: Difference) -> None:
    before, after = difference.before, difference.after
    with box("cx-version-field"):
        text(difference.label, "cx-label")
        if "\n" in (before or "") or "\n" in (after or ""):
            _lines((before or "").splitlines(), (after or "").splitlines())
            return
        with box("cx-version-words"):
            if before is not None:
                text(_short(before), "cx-version-old", tag="del")
            if before is not None and after is not None:
                text("→", "cx-muted").props["aria-hidden"] = "true"
            if after is not None:
                text(_short(after), "cx-version-new", tag="ins")


def _lines(before: Sequence[str], after: Sequence[str]) -> None:
    """Draw the lines that differ, and nothing of those that do not."""
    rows = [row for row in compared(before[:300], after[:300]) if row[2]]
    with box("cx-version-lines"):
        for old, new, _ in rows[:_MOST_LINES]:
            if old is not None:
                text(f"− {old}", "cx-version-old", tag="del")
            if new is not None:
                text(f"+ {new}", "cx-version-new", tag="ins")
        if len(rows) > _MOST_LINES:
            text(f"and {len(rows) - _MOST_LINES:,} more lines", "cx-muted")
        if not rows:
            text("It differs further down.", "cx-muted")


def _short(words: str) -> str:
    return words if len(words) <= _LONGEST_WORDS else f"{words[:_LONGEST_WORDS]}…"
