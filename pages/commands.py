"""The command palette and the list of shortcuts, opened by key on every page."""

from components.frame import pages_for
from components.palette import Choice, Palette
from components.shortcuts import shortcuts_dialog
from cronpp_app.domain.descriptions import describe
from cronpp_app.domain.jobs import Job
from cronpp_app.services.accounts import User
from cronpp_app.services.administration import Role
from cronpp_app.services.jobs import JobQuery
from pages.visitor import Visitor

_MOST_JOBS = 8
_ACTIONS = (
    Choice(words="New job", icon="plus", href="/jobs/new", hint="N"),
    Choice(words="Switch between light and dark", icon="moon", script="cxToggleTheme()"),
    Choice(
        words="Keyboard shortcuts", icon="keyboard", script="emitEvent('cx_shortcuts')", hint="?"
    ),
    Choice(words="Log out", icon="log-out", script="cxLogOut()"),
)


class Commands:
    """Opens the palette of one page, and finds what is typed into it."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._is_admin = visitor.user.role == Role.ADMIN
        self._palette: Palette | None = None

    async def open(self) -> None:
        """Open the palette, made when it is first asked for."""
        if self._palette is None:
            with self._visitor.client:
                self._palette = Palette(on_words=self._visitor.guarded(self._find))
        self._palette.open()
        await self._visitor.guarded(self._find)("")

    def show_shortcuts(self) -> None:
        """Show which keys do what."""
        with self._visitor.client:
            pages = pages_for(is_admin=self._is_admin)
            shortcuts_dialog([(key, words) for _, words, _, key in pages])

    async def _find(self, user: User, words: str) -> None:
        palette = self._palette
        if palette is None:
            return
        groups = {
            "Pages": _matching(_pages(is_admin=self._is_admin), words),
            "Actions": _matching(_ACTIONS, words),
        }
        query = JobQuery(q=words[:200], limit=_MOST_JOBS, sort="name" if words else "-last_run")
        jobs = await self._visitor.services.jobs.search(user, query)
        palette.show(words, {"Jobs": [_job(job) for job in jobs.items], **groups})


def _pages(*, is_admin: bool) -> tuple[Choice, ...]:
    return tuple(
        Choice(words=words, icon=icon, href=path, hint=f"G {key.upper()}")
        for path, words, icon, key in pages_for(is_admin=is_admin)
    )


def _job(job: Job) -> Choice:
    return Choice(
        words=job.definition.name,
        detail=describe(job.definition.schedule),
        icon="calendar-clock",
        href=f"/jobs/{job.id}",
        other_href=f"/jobs/{job.id}/edit",
    )


def _matching(choices: tuple[Choice, ...], words: str) -> list[Choice]:
    wanted = words.casefold().split()
    return [choice for choice in choices if all(w in choice.words.casefold() for w in wanted)]
