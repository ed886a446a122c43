"""Masks that come back: each stands for the header value it was made of."""

from collections.abc import Mapping
from dataclasses import replace

from cronpp_app.domain.jobs import HttpAction
from cronpp_app.domain.references import is_only_a_reference
from cronpp_app.domain.secrets import DOTS, is_secret_header, mask
from cronpp_app.errors import FieldError

# Stands in for a kept value while the rest is checked.
_KEPT = "kept"


def is_secret(action: HttpAction, header: str) -> bool:
    """Return whether this header's value is never shown: always, or because it is marked."""
    return is_secret_header(header) or header.casefold() in map(str.casefold, action.secret_headers)


def shown_headers(action: HttpAction) -> dict[str, str]:
    """Return the headers of `action` as they may be shown.

    A reference to a stored secret tells nothing and is shown; what is sealed is a mask already.
    """
    return {
        name: mask(value) if is_secret(action, name) and not is_only_a_reference(value) else value
        for name, value in action.headers.items()
    }


def without_masks(
    given: Mapping[str, str], stored: HttpAction | None
) -> tuple[dict[str, str], frozenset[str], tuple[FieldError, ...]]:
    """Return `given` to be checked, the headers (lower case) whose stored value is meant, problems.

    A mask means the stored value that it was made of; one that fits nothing is a problem.
    """
    shown = shown_headers(stored) if stored else {}
    known = {name.casefold(): value for name, value in shown.items()}
    headers, kept, problems = dict(given), set(), []
    for name, value in given.items():
        if not value.startswith(DOTS):
            continue
        if known.get(name.casefold()) == value:
            headers[name] = _KEPT
            kept.add(name.casefold())
        else:
            field = f"action.headers.{name}"
            problems.append(FieldError(field, "Is a mask, not a value; give the value itself."))
    return headers, frozenset(kept), tuple(problems)


def with_kept(action: HttpAction, stored: HttpAction, kept: frozenset[str]) -> HttpAction:
    """Return `action` with the stored values of the headers `kept`, sealed ones still sealed."""
    values = {name.casefold(): value for name, value in stored.headers.items()}
    sealed = {name.casefold(): value for name, value in stored.sealed.items()}
    return replace(
        action,
        headers={
            name: values[name.casefold()] if name.casefold() in kept else value
            for name, value in action.headers.items()
        },
        sealed={
            name: sealed[name.casefold()]
            for name in action.headers
            if name.casefold() in kept and name.casefold() in sealed
        },
    )
