"""Export and import under settings: the browser sends the file to the API, this page tells."""

from typing import Any

from nicegui import ui

from components.settings_transfer import TransferSettings
from components.words import counted
from cronpp_app.services.accounts import User
from pages.visitor import Visitor


class TransferKeeping:
    """Tells what was found in a file of jobs, and has it imported."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._name = ""
        token = str(getattr(visitor.client.request.state, "csrf_token", ""))
        self._settings = TransferSettings(token, on_import=self._import)
        ui.on("cx_import_chosen", lambda event: self._chosen(str(event.args)))
        for name, handler in (("cx_import_checked", self._checked), ("cx_imported", self._done)):
            guarded = visitor.guarded(handler)
            ui.on(name, lambda event, guarded=guarded: guarded(event.args))

    def _chosen(self, name: str) -> None:
        self._name = name
        self._settings.show_busy(name)

    def _import(self) -> None:
        self._settings.show_busy(self._name)
        self._visitor.client.run_javascript("cxImport()")

    async def _checked(self, _: User, outcome: dict[str, Any]) -> None:
        if "errors" in outcome:
            self._settings.show_problems(outcome["errors"])
            return
        number = int(outcome["created"])
        self._settings.show_found(self._name, outcome["jobs"], number=number)

    async def _done(self, _: User, outcome: dict[str, Any]) -> None:
        if "errors" in outcome:
            self._settings.show_problems(outcome["errors"])
            return
        self._settings.clear()
        self._visitor.tell(f"{counted(int(outcome['created']), 'job')} imported.")
