"""The offer of a quieter minute, below a cron that fires with many others."""

from collections.abc import Callable
from functools import partial

from components.markup import box, button, icon, text
from cronpp_app.domain.load import CalmerMinute


class CalmerOffer:
    """Shows an offer, or nothing; `on_pick` gets the expression when it is taken."""

    def __init__(self, *, on_pick: Callable[[str], None]) -> None:
        self._on_pick = on_pick
        self._place = box()
        self._place.props["aria-live"] = "polite"
        self._shown: CalmerMinute | None = None

    def show(self, offer: CalmerMinute | None) -> None:
        """Show `offer` in the place of what was shown."""
        if offer == self._shown:
            return
        self._shown = offer
        self._place.clear()
        if offer is None:
            return
        with self._place, box("cx-notice cx-notice-middle cx-tint-primary").mark("calmer"):
            icon("info")
            text(_words(offer), "cx-grow")
            pick = partial(self._on_pick, offer.cron)
            made = button(f"Use minute {offer.minute}", pick, "cx-button-plain cx-button-small")
            made.mark("use-calmer")


def _words(offer: CalmerMinute) -> str:
    calm = "none is" if offer.calm == 0 else f"{offer.calm} at most are"
    return (
        f"Up to {offer.crowd} of your runs are due in the same minute. "
        f"At minute {offer.minute} {calm}."
    )
