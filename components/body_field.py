"""The body of a request: a JSON editor that is fetched once the page is there."""

import json
import re

from nicegui import events, ui

from components.form import Form, error_line
from components.markup import box, button, text
from cronpp_app.domain.references import without_references
from cronpp_app.services.json_text import InvalidJson, read_json

_LINE_END = re.compile(r"\r\n?|\n")


class BodyField:
    """Shows the text and whether it is JSON; `value` is what is sent.

    Editors know one end of a line only, and count by it; a text whose lines all end otherwise
    gets its own ends back, one that nobody touched stays as it was.
    """

    def __init__(self, form: Form, path: str, value: str) -> None:
        self._form = form
        self._editor: ui.codemirror | None = None
        self.value = value
        ends = set(_LINE_END.findall(value))
        self._end = ends.pop() if len(ends) == 1 else "\n"
        with box("cx-field"):
            with box("cx-line"):
                text("Body", "cx-label")
                self._verdict = text("").mark("body-verdict")
                button("Format", self._format, "cx-button-quiet cx-button-small")
            self._place = box("cx-code-editor")
            with self._place:
                self._bone = box("cx-bone")
            line, self._show_error = error_line()
            form.add(path, self._show_problem, html_id=line.html_id)
        self._judge()

    def load(self, *, dark: bool) -> None:
        """Put the real editor in place; the page must be connected."""
        self._bone.delete()
        with self._place:
            self._editor = ui.codemirror(
                _LINE_END.sub("\n", self.value),
                on_change=self._changed,
                language="JSON",
                indent="  ",
            )
        self._editor.classes("cx-code")
        self.set_dark(dark)
        # Screen readers meet the editable part, which knows no label of its own.
        ui.run_javascript(
            f"const name = () => {{ const part = document.querySelector('#c{self._editor.id}"
            " .cm-content'); part ? part.setAttribute('aria-label', 'Request body')"
            " : setTimeout(name, 100); }; name();"
        )

    def set_dark(self, dark: bool) -> None:
        """Follow the theme of the page."""
        if self._editor is not None:
            self._editor.set_theme("vscodeDark" if dark else "vscodeLight")

    def _changed(self, event: events.ValueChangeEventArguments[str]) -> None:
        self.value = (event.value or "").replace("\n", self._end)
        self._judge()
        self._form.changed()

    def _show_problem(self, message: str | None) -> None:
        self._show_error(message)
        # One line about it is enough.
        self._verdict.set_visibility(message is None)

    def _judge(self) -> None:
        words, tone = "", ""
        if self.value.strip():
            try:
                read_json(without_references(self.value))
                words, tone = "Valid JSON", "cx-good"
            except InvalidJson as error:
                words, tone = f"Not JSON: {error}", "cx-warn"
        self._verdict.set_text(words)
        self._verdict.classes(replace=f"cx-small cx-strong cx-grow cx-body-verdict {tone}")

    def _format(self) -> None:
        try:
            value = read_json(self.value)
        except InvalidJson:
            return
        if self._editor is not None:
            self._editor.value = json.dumps(value, indent=2, ensure_ascii=False)
