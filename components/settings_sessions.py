"""Sessions under settings: where one is signed in, and ending that."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from components.device_words import device_icon, device_words
from components.frame import sign_out
from components.markup import box, button, icon, text, ticking
from components.section import section
from components.words import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A session as it may be shown; moments are ms since 1970."""

    id: str
    agent: str
    address: str
    began: int | None
    last_seen: int | None
    is_this_one: bool


class SessionSettings:
    """Shows sessions; `on_end` gets the id of one, `on_end_others` nothing."""

    def __init__(self, *, on_end: Callable[[str], Any], on_end_others: Callable[..., Any]) -> None:
        self._on_end = on_end
        words = "Where you are signed in; end any session you do not recognise"
        with section("Sessions", words, "monitor", "info"):
            self._list = box("cx-rows", tag="ul")
            self._more = text("", "cx-small cx-muted", tag="p")
            with box("cx-line cx-wrap"):
                self._end_others = button("End all others", on_end_others, icon_name="circle-slash")
                self._end_others.mark("end-others")
                sign_out(
                    "Log out everywhere",
                    "/auth/logout-all",
                    "cx-button cx-button-plain",
                    icon_name="log-out",
                )

    def show(self, rows: Sequence[SessionRow], *, unseen: int) -> None:
        """Show these sessions, this one first; `unseen` is how many older ones there are."""
        self._list.clear()
        with self._list:
            for row in sorted(rows, key=lambda row: not row.is_this_one):
                self._row(row)
        self._more.set_text(f"And {counted(unseen, 'older session')}." if unseen else "")
        self._more.set_visibility(bool(unseen))
        self._end_others.set_visibility(len(rows) + unseen > 1)

    def _row(self, row: SessionRow) -> None:
        device = device_words(row.agent)
        with box("cx-row-line", tag="li"):
            icon(device_icon(row.agent), "cx-muted")
            with box("cx-stack cx-grow"):
                with box("cx-line cx-wrap"):
                    text(device, "cx-strong cx-clip").props["title"] = row.agent
                    if row.is_this_one:
                        text("This one", "cx-badge cx-tint-good")
                with box("cx-small cx-muted cx-wrap cx-line").style("gap:4px 12px"):
                    text(row.address, "cx-mono cx-copied")
                    with box(tag="span"):
                        text("last seen ")
                        ticking("ago", row.last_seen)
                    with box(tag="span"):
                        text("since ")
                        ticking("at", row.began)
            if not row.is_this_one:
                end = button("End", None, "cx-button-quiet cx-button-small").mark("end-session")
                end.props["aria-label"] = f"End the session of {device} at {row.address}"
                end.on("click", partial(self._on_end, row.id), args=[])
