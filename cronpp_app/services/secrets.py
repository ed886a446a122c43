"""The one place where secret header values pass in and out.

What leaves is masked; a mask that comes back stands for the value it was made of.
"""

from collections.abc import Mapping

from cronpp_app.errors import FieldError

SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key"})
_DOTS = "••••"
# Of a shorter value the last four characters would be most of the secret.
_SHORTEST_SHOWN = 8


def is_secret(header: str) -> bool:
    """Return whether the values of this header are never shown."""
    return header.casefold() in SECRET_HEADERS


def mask(value: str) -> str:
    """Return four dots and the last four characters; masking a mask changes nothing."""
    return _DOTS + value[-4:] if len(value) >= _SHORTEST_SHOWN else _DOTS


def masked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return `headers` as they may be shown."""
    return {name: mask(value) if is_secret(name) else value for name, value in headers.items()}


def restored_headers(
    given: Mapping[str, str], stored: Mapping[str, str]
) -> tuple[dict[str, str], tuple[FieldError, ...]]:
    """Return `given` with masks replaced by what they stand for, and masks that fit nothing."""
    known = {name.casefold(): value for name, value in stored.items()}
    headers, problems = {}, []
    for name, value in given.items():
        headers[name] = value
        if not (is_secret(name) and value.startswith(_DOTS)):
            continue
        before = known.get(name.casefold())
        if before is not None and mask(before) == value:
            headers[name] = before
        else:
            field = f"action.headers.{name}"
            problems.append(FieldError(field, "Is a mask, not a value; give the value itself."))
    return headers, tuple(problems)
