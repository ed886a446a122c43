"""What somebody should look at, worst first, each with the way to it."""

from collections.abc import Sequence
from dataclasses import dataclass

from components.markup import box, icon, link, text, ticking

_ICONS = {
    "failing": ("circle-x", "bad"),
    "late": ("timer", "warn"),
    "stopped": ("circle-pause", "warn"),
    "worker": ("server", "bad"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One line: `kind` is failing, late, stopped or worker; `since_ms` is in ms since 1970."""

    kind: str
    title: str
    words: str
    href: str
    since_ms: int | None = None


class AttentionList:
    """Shows troubles, or that there are none; other ones later."""

    def __init__(self, troubles: Sequence[Trouble], total: int) -> None:
        with box("cx-card", tag="section").mark("attention"):
            with box("cx-line cx-next-head"):
                text("Needs attention", "cx-h2", tag="h2")
                self._count = text("", "cx-pill").mark("troubles")
            self._list = box("cx-next", tag="ul")
        self._shown: tuple[Sequence[Trouble], int] | None = None
        self.show(troubles, total)

    def show(self, troubles: Sequence[Trouble], total: int) -> None:
        """Show other troubles, of `total` that there are; nothing is sent if they are the same."""
        if (troubles, total) == self._shown:
            return
        self._shown = troubles, total
        self._count.set_text(f"{total:,}" if troubles else "")
        self._count.set_visibility(bool(troubles))
        self._list.clear()
        with self._list:
            for trouble in troubles:
                _line(trouble)
            if total > len(troubles):
                with box(tag="li"):
                    link("All failing jobs", "/jobs?status=failing", "cx-next-job cx-next-all")
            if not troubles:
                _all_well()


def _line(trouble: Trouble) -> None:
    icon_name, tone = _ICONS[trouble.kind]
    with box(tag="li"):
        anchor = box("cx-next-job", tag="a")
        anchor.mark("trouble").props["href"] = trouble.href
        with anchor:
            with box(f"cx-tile-icon cx-tint-{tone}"):
                icon(icon_name)
            with box("cx-stack cx-grow"):
                text(trouble.title, "cx-strong cx-clip")
                text(trouble.words, "cx-small cx-muted cx-clip-two")
            if trouble.since_ms is not None:
                ticking("ago", trouble.since_ms).classes("cx-muted cx-small cx-nowrap")


def _all_well() -> None:
    with box("cx-next-none cx-all-well", tag="li"):
        with box("cx-tile-icon cx-tint-good"):
            icon("circle-check")
        text("All is well: nothing fails, nothing is late.")
