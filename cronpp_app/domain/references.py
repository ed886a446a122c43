"""References to a person's secrets, `{{secret.NAME}}`, in URL, headers and body of an action."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from cronpp_app.domain.jobs import HttpAction

SECRET_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_REFERENCE = re.compile(r"\{\{secret\.([A-Z][A-Z0-9_]{0,63})\}\}")
# What was meant to be one, spelled in another way: better refused than sent as it stands.
_MEANT = re.compile(r"\{\{\s*secrets?\s*\.[^{}]*\}\}", re.IGNORECASE)
_ONLY_A_REFERENCE = re.compile(rf"(?:[A-Za-z][A-Za-z0-9-]* )?{_REFERENCE.pattern}")


def has_references(text: str | None) -> bool:
    """Return whether `text` refers to a secret."""
    return text is not None and "{{secret." in text and bool(_REFERENCE.search(text))


def names_in(text: str | None) -> tuple[str, ...]:
    """Return the names of the secrets that `text` refers to, each once."""
    return tuple(dict.fromkeys(_REFERENCE.findall(text))) if text and "{{" in text else ()


def is_only_a_reference(text: str) -> bool:
    """Return whether `text`, perhaps after a scheme such as Bearer, is a reference: no secret."""
    return _ONLY_A_REFERENCE.fullmatch(text) is not None


def misspelled_reference(text: str) -> str | None:
    """Return the first thing in `text` that was meant to be a reference and is none, or None."""
    found = (match[0] for match in _MEANT.finditer(text) if "{{" in text)
    return next((one for one in found if not _REFERENCE.fullmatch(one)), None)


def secret_names(action: HttpAction) -> tuple[str, ...]:
    """Return the names of all secrets that `action` refers to, in sealed headers too."""
    texts = (action.url, action.body, *action.headers.values())
    sealed = (name for one in action.sealed.values() for name in one.names)
    return tuple(dict.fromkeys([*(name for text in texts for name in names_in(text)), *sealed]))


def without_references(text: str, instead: str = "0") -> str:
    """Return `text` with `instead` for each reference: JSON if it will be JSON."""
    return _REFERENCE.sub(instead, text) if "{{" in text else text


def filled(text: str, values: Mapping[str, str], escape: Callable[[str], str] | None = None) -> str:
    """Return `text` with its references replaced; raise KeyError with the name of a missing one."""
    if "{{" not in text:
        return text
    return _REFERENCE.sub(
        lambda found: escape(values[found[1]]) if escape else values[found[1]], text
    )


def filled_size(text: str, values: Mapping[str, str]) -> int:
    """Return how many characters `text` will have, found out before it is made."""
    grown = (
        len(values[name]) - len(name) - len("{{secret.}}") for name in _REFERENCE.findall(text)
    )
    return len(text) + sum(grown)


def filled_action(action: HttpAction, values: Mapping[str, str], *, json_body: bool) -> HttpAction:
    """Return `action`, its headers opened, with all references replaced.

    In a JSON body values are escaped, so that a quote in one stays inside its string.
    Raises KeyError with the name of a secret that is missing.
    """
    escape = _json_escaped if json_body else None
    return replace(
        action,
        url=filled(action.url, values),
        headers={name: filled(value, values) for name, value in action.headers.items()},
        body=action.body and filled(action.body, values, escape),
    )


def _json_escaped(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)[1:-1]
