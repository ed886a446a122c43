"""Documents that cannot be what they are: recognised when read, so that they harm nobody.

Anybody may write to the database: an older or newer Cron++, a script, a person with a shell.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from bson.int64 import Int64

Value = TypeVar("Value")
# What reading a damaged document may raise.
DAMAGE: Final = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
_WORDS: Final = {
    str: "text",
    int: "a whole number",
    bool: "true or false",
    datetime: "a moment",
    list: "a list",
    dict: "a document",
}
_NOTHING: Final = object()
_SHOWN_CHARACTERS = 60


class Damaged(ValueError):
    """A document is not what it should be; the message names the field and what it holds."""


def check_shape(
    document: Mapping[str, Any],
    required: Mapping[str, type],
    optional: Mapping[str, type] | None = None,
) -> None:
    """Raise Damaged unless the fields of `document` are there and of their types."""
    for name, kind in required.items():
        value = document.get(name, _NOTHING)
        if value.__class__ is not kind and not is_of_kind(value, kind):
            raise Damaged(_complaint(name, value, kind))
    for name, kind in (optional or {}).items():
        value = document.get(name, _NOTHING)
        if value is not _NOTHING and not is_of_kind(value, kind):
            raise Damaged(_complaint(name, value, kind))


def check_schema(document: Mapping[str, Any], newest: int) -> None:
    """Raise Damaged if `document` is of a schema that only a newer Cron++ than this knows."""
    schema = document.get("schema")
    if schema is None or not is_of_kind(schema, int) or not 1 <= schema <= newest:
        raise Damaged(f"schema is {schema!r}, and this Cron++ knows 1 to {newest}; update it")


def read(name: str, decode: Callable[[Any], Value], document: Mapping[str, Any]) -> Value:
    """Return part `name` of `document`, decoded; raise Damaged naming it."""
    try:
        return decode(document[name])
    except DAMAGE as error:
        raise Damaged(f"{name}: {reason_of(error)}") from error


def reason_of(error: Exception) -> str:
    """Return what is wrong, in a sentence that a person can use."""
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    return str(error) or type(error).__name__


def is_of_kind(value: object, kind: type) -> bool:
    """Return whether `value` is of `kind` and no other; a truth value is no whole number.

    A whole number beyond 2**31, such as the lateness of 25 days in milliseconds, is read back
    as a type of its own.
    """
    return value.__class__ is kind or (kind is int and value.__class__ is Int64)


def _complaint(name: str, value: object, kind: type) -> str:
    if value is _NOTHING:
        return f"{name} is missing"
    shown = repr(value)
    if len(shown) > _SHOWN_CHARACTERS:
        shown = f"{shown[:_SHOWN_CHARACTERS]}…"
    return f"{name} is {shown}, not {_WORDS[kind]}"
