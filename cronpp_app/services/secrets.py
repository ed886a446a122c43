"""Masks that come back: each stands for the value it was made of."""

from collections.abc import Mapping

from cronpp_app.domain.secrets import DOTS, is_secret_header, mask
from cronpp_app.errors import FieldError


def restored_headers(
    given: Mapping[str, str], stored: Mapping[str, str]
) -> tuple[dict[str, str], tuple[FieldError, ...]]:
    """Return `given` with masks replaced by what they stand for, and masks that fit nothing."""
    known = {name.casefold(): value for name, value in stored.items()}
    headers, problems = {}, []
    for name, value in given.items():
        headers[name] = value
        if not (is_secret_header(name) and value.startswith(DOTS)):
            continue
        before = known.get(name.casefold())
        if before is not None and mask(before) == value:
            headers[name] = before
        else:
            field = f"action.headers.{name}"
            problems.append(FieldError(field, "Is a mask, not a value; give the value itself."))
    return headers, tuple(problems)
