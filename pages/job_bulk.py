"""Doing one thing to many jobs: those picked, or all that match the filter."""

from typing import TYPE_CHECKING

from components.bulk_bar import BulkBar
from components.confirm import confirm
from components.words import counted
from cronpp_app.services.accounts import User
from cronpp_app.services.bulk import BulkOperation
from pages.visitor import Visitor

if TYPE_CHECKING:
    from pages.jobs_view import JobsView

_DONE = {
    BulkOperation.RUN: "run now",
    BulkOperation.PAUSE: "paused",
    BulkOperation.RESUME: "back on schedule",
    BulkOperation.DELETE: "deleted",
}
# More calls than this at once deserve a second thought.
_RUN_UNASKED = 20


class JobBulk:
    """Keeps which jobs of a view are meant, and does things to them."""

    def __init__(self, visitor: Visitor, view: "JobsView") -> None:
        self._visitor = visitor
        self._view = view
        self._is_all = False
        guarded = visitor.guarded
        self.bar = BulkBar(
            on_do=guarded(self._ask),
            on_all=self._pick_all,
            on_clear=self.let_go,
        )

    def changed(self) -> None:
        """Show how many are picked by now; picking one by one ends "all that match"."""
        self._is_all = False
        self._show()

    def let_go(self) -> None:
        """Pick nothing."""
        self._is_all = False
        self._view.table.let_go()
        self._show()

    def _pick_all(self) -> None:
        self._is_all = True
        self._show()

    def _show(self) -> None:
        picked, page = self._view.table.picked, self._view.page
        total = page.total if page else 0
        words = f"{total:,}" + ("" if page is None or page.total_is_exact else "+")
        may_pick_all = bool(picked) and not self._is_all and total > len(picked)
        matching = words if may_pick_all or self._is_all else ""
        self.bar.show(len(picked), matching=matching, can_pick_all=may_pick_all)

    async def _ask(self, user: User, verb: str) -> None:
        operation = BulkOperation(verb)
        number = self._view.page.total if self._is_all and self._view.page else 0
        number = number or len(self._view.table.picked)
        if operation is BulkOperation.DELETE:
            words = "They will not fire again, and waiting runs are cancelled."
            self._confirm(operation, f"Delete {counted(number, 'job')}?", words, typed=str(number))
        elif operation is BulkOperation.RUN and number > _RUN_UNASKED:
            words = "Each runs once, in addition to its schedule, even if it is paused."
            self._confirm(operation, f"Run {counted(number, 'job')} now?", words)
        else:
            await self._do(user, operation)

    def _confirm(
        self, operation: BulkOperation, title: str, words: str, *, typed: str = ""
    ) -> None:
        async def go_on(now: User) -> None:
            await self._do(now, operation)

        action = "Delete jobs" if typed else "Run now"
        with self._visitor.client:
            confirm(title, words, action=action, on_yes=self._visitor.guarded(go_on), typed=typed)

    async def _do(self, user: User, operation: BulkOperation) -> None:
        bulk, picked = self._visitor.services.bulk_jobs, sorted(self._view.table.picked)
        outcome = await (
            bulk.of_query(user, self._view.wanted.query(), operation)
            if self._is_all
            else bulk.of_ids(user, picked, operation)
        )
        self.let_go()
        await self._view.load(user)
        left = outcome.matched - outcome.changed
        words = f"{counted(outcome.changed, 'job')} {_DONE[operation]}."
        self._visitor.tell(words + (f" {left:,} stayed as they were." if left else ""))
