"""What a job does: call a URL, or write a line to the log."""

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from components.body_field import BodyField
from components.form import Form, choice_field, lines_field, number_field, text_field, whole
from components.headers_field import HeadersField
from components.markup import box
from components.segments import Segments
from cronpp_app.errors import FieldError

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_WITHOUT_BODY = frozenset({"GET", "HEAD"})
_KINDS = {"http": "HTTP request", "log": "Log message"}


class EditorWhat:
    """The fields of an action; `draft` is its JSON."""

    def __init__(self, form: Form, action: Mapping[str, Any]) -> None:
        self._form = form
        self._kind = Segments("Kind of action", _KINDS, str(action["kind"]), on_change=self._switch)
        self._panes = {kind: box("cx-pane") for kind in _KINDS}
        with self._panes["http"]:
            self._draw_target(action)
            self._headers = HeadersField(
                form, action.get("headers") or {}, action.get("secret_headers") or ()
            )
            self._body_box = box()
            with self._body_box:
                self.body = BodyField(form, "action.body", action.get("body") or "")
            self._draw_answer(action)
        with self._panes["log"]:
            self._message = lines_field(
                form, "action.message", "Message", str(action.get("message", ""))
            )
        self._show()

    def draft(self) -> dict[str, Any]:
        """Return the action as typed."""
        if self._kind.value == "log":
            return {"kind": "log", "message": self._message.value or ""}
        has_body = self._method.value not in _WITHOUT_BODY
        statuses = [part.strip() for part in str(self._statuses.value or "").split(",")]
        return {
            "kind": "http",
            "method": self._method.value,
            "url": str(self._url.value or "").strip(),
            "headers": self._headers.draft(),
            "secret_headers": self._headers.marked(),
            "body": (self.body.value or None) if has_body else None,
            "timeout_seconds": whole(self._timeout.value),
            "success_statuses": [status for status in statuses if status],
            "follow_redirects": bool(self._redirects.value),
        }

    def problems(self) -> list[FieldError]:
        """Return what is wrong with the fields but cannot be seen in the draft."""
        return self._headers.problems() if self._kind.value == "http" else []

    def _draw_target(self, action: Mapping[str, Any]) -> None:
        options = dict(zip(METHODS, METHODS, strict=True))
        with box("cx-target"):
            method = str(action.get("method", "GET"))
            self._method = choice_field(self._form, "action.method", "Method", options, method)
            self._method.on_value_change(self._method_changed)
            url = str(action.get("url", ""))
            self._url = text_field(
                self._form, "action.url", "URL", url, classes="cx-mono-input"
            ).mark("url")
            self._url.props('type=url placeholder="https://example.org/hook" spellcheck=false')

    def _draw_answer(self, action: Mapping[str, Any]) -> None:
        statuses = ", ".join(action.get("success_statuses") or ["200-299"])
        with box("cx-two-fields"):
            self._timeout = number_field(
                self._form,
                "action.timeout_seconds",
                "Timeout",
                action.get("timeout_seconds", 30),
                unit="seconds",
                hint="For the whole call. After that the attempt has failed and may be retried.",
            )
            self._statuses = text_field(
                self._form,
                "action.success_statuses",
                "Success statuses",
                statuses,
                hint="Statuses and ranges, with commas, like 200-299, 304.",
            )
        self._redirects = ui.switch(
            "Follow redirects",
            value=bool(action.get("follow_redirects", False)),
            on_change=self._form.changed,
        )

    def _method_changed(self, _: Any) -> None:
        if self._method.value in {"POST", "PUT", "PATCH"}:
            self._headers.offer("Content-Type", "application/json")
        self._show()

    def _switch(self, _: str) -> None:
        self._show()
        self._form.changed()

    def _show(self) -> None:
        for kind, pane in self._panes.items():
            pane.set_visibility(kind == self._kind.value)
        self._body_box.set_visibility(self._method.value not in _WITHOUT_BODY)
