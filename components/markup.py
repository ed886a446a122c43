"""The few elements that everything is made of: boxes, texts, links, buttons, icons."""

from collections.abc import Callable
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

Handler = Callable[..., Any]


class Text(TextElement):
    """Words in a tag of our choice; never read as markup."""

    def __init__(self, words: str, tag: str) -> None:
        super().__init__(text=words, tag=tag)


def box(classes: str = "", *, tag: str = "div") -> ui.element:
    """Return an element without words of its own."""
    return ui.element(tag).classes(classes)


def text(words: str, classes: str = "", *, tag: str = "span") -> Text:
    """Return `words` in a tag."""
    return Text(words, tag).classes(classes)


def icon(name: str, classes: str = "") -> ui.element:
    """Return one of our icons, hidden from screen readers: words beside it say the same."""
    drawn = ui.element("q-icon").classes(classes)
    drawn.props["name"] = name
    drawn.props["aria-hidden"] = "true"
    return drawn


def link(words: str, href: str, classes: str = "", *, icon_name: str = "") -> ui.element:
    """Return a link to a path of our own."""
    anchor = box(classes, tag="a")
    anchor.props["href"] = href
    with anchor:
        if icon_name:
            icon(icon_name)
        if words:
            text(words)
    return anchor


def button(
    words: str, on_click: Handler | None = None, classes: str = "", *, icon_name: str = ""
) -> ui.element:
    """Return a native button; `classes` come on top of those of every button."""
    made = box(f"cx-button {classes or 'cx-button-plain'}", tag="button")
    made.props["type"] = "button"
    with made:
        if icon_name:
            icon(icon_name)
        text(words)
    if on_click is not None:
        made.on("click", on_click, args=[])
    return made


def icon_button(label: str, icon_name: str, on_click: Handler | None = None) -> ui.element:
    """Return a button that shows only an icon; `label` is its name and its tooltip."""
    made = box("cx-icon-button", tag="button")
    made.props["type"] = "button"
    made.props["aria-label"] = made.props["title"] = label
    with made:
        icon(icon_name)
    if on_click is not None:
        made.on("click", on_click, args=[])
    return made


def ticking(kind: str, moment_ms: int | None, **props: str) -> ui.element:
    """Return a moment that the browser keeps telling: kind is "until", "ago" or "at"."""
    made = ui.element(f"cx-{kind}")
    made.props["ts"] = moment_ms
    for name, value in props.items():
        made.props[name] = value
    return made


def notice(words: str, *, tone: str = "bad", icon_name: str = "circle-alert") -> ui.element:
    """Return a coloured line that tells something; read out when it appears."""
    made = box(f"cx-notice cx-tint-{tone}")
    made.props["role"] = "alert" if tone == "bad" else "status"
    with made:
        icon(icon_name)
        text(words, "cx-grow")
    return made
