"""The frame around every page of somebody signed in: header, drawer, content."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from nicegui import ui

from components.markup import Text, box, icon, icon_button, link, text
from components.worker_box import Load, WorkerBox

# Path, words, icon, and the key that leads there after a "g".
PAGES = (
    ("/", "Dashboard", "layout-dashboard", "d"),
    ("/jobs", "Jobs", "calendar-clock", "j"),
    ("/activity", "Activity", "activity", "a"),
    ("/timeline", "Timeline", "chart-gantt", "t"),
    ("/workers", "Workers", "server", "w"),
    ("/settings", "Settings", "settings", "s"),
    ("/api/docs", "API reference", "book-open", "r"),
)
ADMIN_PAGE = ("/admin", "Admin", "shield-check", "m")


def pages_for(*, is_admin: bool) -> tuple[tuple[str, str, str, str], ...]:
    """Return the pages that somebody is led to; administrators have one more."""
    return (*PAGES[:-1], ADMIN_PAGE, PAGES[-1]) if is_admin else PAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameValues:
    """What the frame tells: who is here, the way to this page, jobs and workers in numbers.

    `server_ms` is the server's clock; `failing` is
    the number of failing jobs.
    """

    email: str
    is_admin: bool
    timezone: str
    path: str
    jobs: str
    workers: Load
    server_ms: int
    failing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameParts:
    """What of the frame changes: the number of jobs, the workers."""

    jobs: Text
    workers: WorkerBox


@contextmanager
def frame(values: FrameValues, *, narrow: bool = False) -> Iterator[FrameParts]:
    """Draw the frame; what is made within is the content of the page."""
    _tell_browser(values)
    layout = ui.context.client.layout.props('view="lHh LpR lff"')
    with layout:
        drawer, parts = _drawer(values)
        _header(values, drawer)
    # The whole document is ours: Quasar's page becomes the main landmark by itself.
    with box(f"cx-page {'cx-page-narrow' if narrow else ''}"):
        yield parts


def _tell_browser(values: FrameValues) -> None:
    zone, server = json.dumps(values.timezone), values.server_ms
    # A zone is one of a fixed list, but a "<" must never end the script it stands in.
    ui.add_head_html(
        f"<script>(() => {{ const root = document.documentElement.dataset;"
        f"root.cxZone = {zone.replace('<', '')};"
        f"root.cxFailing = {values.failing};"
        f"const skew = {server} - Date.now(); if (Math.abs(skew) > 2000) root.cxSkew = skew;"
        f" }})()</script>"
    )
    ui.add_body_html(_BOOT)


_BOOT = """<div id="cx-boot" aria-hidden="true"><div class="cx-boot-side"><span class="cx-logo">
<i class="cx-mark"></i><span>Cron++</span></span></div><div class="cx-boot-main">
<i class="cx-bone" style="height:44px;width:220px;display:block"></i>
<div class="cx-boot-tiles"><i class="cx-bone"></i><i class="cx-bone"></i><i class="cx-bone"></i>
<i class="cx-bone"></i></div><i class="cx-bone" style="height:230px;display:block"></i>
<i class="cx-bone" style="height:300px;display:block"></i></div></div>"""


def logo() -> ui.element:
    """Return the mark and the name, leading home."""
    anchor = box("cx-logo", tag="a")
    anchor.props["href"] = "/"
    anchor.props["aria-label"] = "Cron++, home"
    with anchor:
        box("cx-mark", tag="i")
        text("Cron++")
    return anchor


def _drawer(values: FrameValues) -> tuple[ui.element, FrameParts]:
    drawer = ui.element("q-drawer").props('show-if-above bordered :width="240" :breakpoint="1023"')
    with drawer:
        logo()
        navigation = box("cx-stack", tag="nav").style("gap:2px")
        navigation.props["aria-label"] = "Main"
        with navigation:
            for path, words, icon_name, key in pages_for(is_admin=values.is_admin):
                item = link(words, path, "cx-nav", icon_name=icon_name)
                item.props["data-cx-go"] = key
                if path == values.path:
                    item.props["aria-current"] = "page"
                if path == "/jobs":
                    with item:
                        jobs = text(values.jobs, "cx-nav-count").mark("nav-jobs")
        parts = FrameParts(jobs=jobs, workers=WorkerBox(values.workers))
    return drawer, parts


def _header(values: FrameValues, drawer: ui.element) -> None:
    with ui.element("q-header").classes("cx-header"):
        opener = icon_button("Menu", "menu").classes("cx-menu-button")
        opener.on("click", js_handler=f"() => getElement({drawer.id}).toggle()")
        logo()
        box("cx-grow")
        _palette_button()
        theme = icon_button("Switch between light and dark", "moon")
        theme.on("click", js_handler="() => window.cxToggleTheme()")
        _user_menu(values)


def _palette_button() -> None:
    opener = box("cx-palette-button", tag="button")
    opener.props["type"] = "button"
    opener.on("click", js_handler="() => emitEvent('cx_palette', '')")
    with opener:
        icon("search")
        text("Search or jump to …", "cx-grow")
        text("Ctrl K", "cx-key").props["data-cx-command-key"] = "K"


def _user_menu(values: FrameValues) -> None:
    initials = values.email[:2].upper()
    avatar = text(initials, "cx-avatar", tag="button")
    avatar.props["type"] = "button"
    avatar.props["aria-label"] = f"{initials}: account of {values.email}"
    avatar.props["aria-haspopup"] = "menu"
    menu = ui.element("q-menu").props('anchor="bottom right" self="top right"')
    menu.move(avatar)
    with menu, box().style("min-width:210px"):
        with box("cx-menu-head"):
            text("Signed in as", "cx-tiny cx-muted", tag="div")
            text(values.email, "cx-small cx-strong cx-clip", tag="div")
        link("Settings", "/settings", "cx-menu-item", icon_name="settings")
        sign_out("Log out", "/auth/logout", "cx-menu-item", icon_name="log-out")


def sign_out(words: str, path: str, classes: str, *, icon_name: str) -> None:
    """Draw a form of one button that ends one session, or all."""
    form = box(tag="form")
    form.props["method"], form.props["action"] = "post", path
    with form, box(classes, tag="button") as submit:
        submit.props["type"] = "submit"
        icon(icon_name)
        text(words)
