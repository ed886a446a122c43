"""Routes of the web interface; each module has `register`."""

from typing import TYPE_CHECKING

from fastapi import FastAPI
from nicegui import ui

from components.theme import STATIC, install_theme
from pages import (
    activity,
    admin,
    dashboard,
    editor,
    entrance,
    entrance_forms,
    job,
    jobs,
    leaving,
    lost,
    settings,
    timeline,
    workers,
)
from pages.assets import mount_assets
from pages.packed import PackedFiles
from pages.sessions import watch_sessions
from pages.sockets import guard_sockets
from pages.unopened import watch_unopened

if TYPE_CHECKING:
    from cronpp_app.composition import Services

# As long as a page survives without its socket; what it missed is sent when it is back.
_RECONNECT_SECONDS = 15.0


def register_pages(web: FastAPI, services: "Services") -> None:
    """Mount the web interface on `web`: pages, the entrance's forms, static files."""
    install_theme()
    mount_assets(web)
    web.add_middleware(PackedFiles)
    entrance.register(services)
    entrance_forms.register(web, services.accounts)
    leaving.register(web, services.accounts)
    dashboard.register(services)
    jobs.register(services)
    timeline.register(services)
    workers.register(services)
    activity.register(services)
    admin.register(services)
    editor.register(services)
    job.register(services)  # after the editor: /jobs/new is no job
    settings.register(services)
    lost.register()
    guard_sockets()
    watch_sessions(services)
    watch_unopened()
    ui.run_with(
        web,
        title="Cron++",
        favicon=STATIC / "icons" / "favicon.svg",
        dark=None,
        language="en-US",
        tailwind=False,
        reconnect_timeout=_RECONNECT_SECONDS,
        binding_refresh_interval=None,
        show_welcome_message=False,
    )
