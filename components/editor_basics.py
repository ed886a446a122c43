"""What a job is called, and what it is for."""

from collections.abc import Mapping
from typing import Any

from components.form import Form, lines_field, text_field
from components.markup import box


class EditorBasics:
    """Name, description and tags."""

    def __init__(self, form: Form, values: Mapping[str, Any]) -> None:
        with box("cx-two-fields"):
            self._name = text_field(form, "name", "Name", values["name"]).mark("name")
            self._name.props('placeholder="Nightly export"')
            self._tags = text_field(form, "tags", "Tags", ", ".join(values["tags"])).mark("tags")
            self._tags.props('placeholder="billing, nightly"')
        self._description = lines_field(form, "description", "Description", values["description"])
        self._description.props('placeholder="What is it for, and who cares if it fails?"')

    def draft(self) -> dict[str, Any]:
        """Return them as typed."""
        tags = [tag.strip() for tag in str(self._tags.value or "").split(",")]
        return {
            "name": self._name.value or "",
            "description": self._description.value or "",
            "tags": [tag for tag in tags if tag],
        }
