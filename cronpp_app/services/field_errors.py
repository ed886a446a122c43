"""What pydantic found, as one clear sentence per field."""

from collections.abc import Sequence
from typing import Any, Final

from pydantic import ValidationError

from cronpp_app.errors import FieldError
from cronpp_app.services.draft_types import shown

_READ_ONLY: Final = frozenset(
    [
        "id",
        "version",
        "status",
        "next_run_time",
        "last_run",
        "consecutive_failures",
        "created_at",
        "updated_at",
        "paused_at",
        "paused_reason",
        "recent",
        "user_id",
    ]
)
_SENTENCES: Final = {
    "missing": "Is required.",
    "string_type": "Must be a text, not {given}.",
    "string_unicode": "Must be text that UTF-8 can hold.",
    "bool_type": "Must be true or false, not {given}.",
    "list_type": "Must be a list, not {given}.",
    "dict_type": "Must be an object, not {given}.",
    "int_parsing": "Must be a whole number, not {given}.",
    "bool_parsing": "Must be true or false, not {given}.",
    "model_type": "Must be an object, not {given}.",
    "model_attributes_type": "Must be an object, not {given}.",
}


# To word each of a hundred thousand would hold up everybody for seconds.
_MOST_TOLD: Final = 500


def problems_in(error: ValidationError, *, within: str = "") -> list[FieldError]:
    """Return all that pydantic found wrong; of more than 500 problems only their number."""
    if error.error_count() > _MOST_TOLD:
        message = f"Has {error.error_count():,} problems, too many to name."
        return [FieldError(within or "request", message)]
    return field_errors(error.errors(include_url=False), within=within)


def field_errors(found: Sequence[Any], *, within: str = "") -> list[FieldError]:
    """Return pydantic's errors (`ErrorDetails`) with the paths of fields as people know them."""
    return [FieldError(_path(details, within), _sentence(details)) for details in found]


def _path(details: Any, within: str) -> str:
    names = [within] if within else []
    tag_follows = within in {"schedule", "action"}
    for part in details["loc"]:
        if part == "[key]" or (tag_follows and part in {"cron", "interval", "once", "http", "log"}):
            tag_follows = False
            continue
        names.append(str(part)[:100])
        tag_follows = part in {"schedule", "action"} and len(names) == 1
    if details["type"].startswith("union_tag"):
        names.append("kind")
    if blamed := details.get("ctx", {}).get("field"):
        names.append(blamed)
    return ".".join(names) or "request"


def _sentence(details: Any) -> str:
    kind, context = details["type"], details.get("ctx", {})
    match kind:
        case "refused":
            return str(context["sentence"])
        case "extra_forbidden":
            read_only = details["loc"][-1] in _READ_ONLY and len(details["loc"]) == 1
            return "Cannot be set." if read_only else "Is not a known field."
        case "literal_error" | "enum":
            return f"Must be {context['expected']}, not {shown(details['input'])}."
        case "union_tag_not_found":
            return (
                "Is required: cron, interval or once."
                if _of_schedule(details)
                else ("Is required: http or log.")
            )
        case "union_tag_invalid":
            return f"Must be one of {context['expected_tags']}."
        case _:
            sentence = _SENTENCES.get(kind, "Is not valid.")
            return sentence.format(given=shown(details["input"]))


def _of_schedule(details: Any) -> bool:
    return bool(details["loc"] != ("action",))
