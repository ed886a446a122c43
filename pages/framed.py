"""The frame of pages of people who are signed in, filled with what it tells."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nicegui import ui

from components.frame import FrameValues, frame
from components.words import epoch_ms
from cronpp_app.clock import utc_now
from cronpp_app.services.administration import Role
from cronpp_app.services.jobs import JobQuery
from pages.commands import Commands
from pages.frame_live import keep_frame
from pages.undoing import take_back
from pages.visitor import Visitor


@asynccontextmanager
async def framed(visitor: Visitor, path: str, *, narrow: bool = False) -> AsyncIterator[None]:
    """Draw the frame around what is made within; `path` is the page's entry in the drawer."""
    services, user = visitor.services, visitor.user
    jobs, workers, overview = await asyncio.gather(
        services.jobs.search(user, JobQuery(limit=1)),
        services.overviews.workers(),
        services.overviews.of(user),
    )
    values = FrameValues(
        email=user.email,
        is_admin=user.role == Role.ADMIN,
        timezone=user.timezone,
        path=path,
        jobs=f"{jobs.total:,}" if jobs.total_is_exact else f"{jobs.total:,}+",
        workers=[(worker.slots, worker.busy) for worker in workers],
        server_ms=epoch_ms(utc_now()) or 0,
        failing=overview.failing,
    )
    commands = Commands(visitor)
    ui.on("cx_palette", lambda _: commands.open())
    ui.on("cx_shortcuts", lambda _: commands.show_shortcuts())
    ui.on("cx_undo", lambda event: take_back(visitor, event.args))
    with frame(values, narrow=narrow) as parts:
        keep_frame(visitor, parts, failing=overview.failing)
        yield
