"""Prepare: an action made ready to be sent, its headers opened and its references filled in."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from cronpp_app.domain.jobs import HttpAction
from cronpp_app.domain.masking import secret_parts
from cronpp_app.domain.references import (
    filled_action,
    filled_size,
    has_references,
    secret_names,
    without_references,
)
from cronpp_app.domain.runs import Run
from cronpp_app.domain.secrets import SECRET_HEADERS, USUAL, Confidential, place_of_header
from cronpp_app.engine.remembered import Remembered
from cronpp_app.errors import CronppError
from cronpp_app.outbound.requests import guess_type, says_json
from cronpp_app.store.keys import Keys
from cronpp_app.store.secrets import SecretKey, SecretStore

# With the values of secrets filled in, a body may be longer than a job may have it.
_LARGEST_BODY, _LONGEST_URL, _LONGEST_HEADER = 1024 * 1024, 2_048, 16_384
_SENDABLE: Final = re.compile(r"[\t\x20-\x7e]*")


class CannotSend(CronppError):
    """The request cannot be put together; trying again would not help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """An action ready to be sent, the secrets in it, and what must not reach another site."""

    action: HttpAction
    secrets: tuple[str, ...] = ()
    confidential: Confidential = USUAL


class Preparing:
    """Prepares actions of runs; remembers the secrets of their owners for a few seconds."""

    def __init__(self, secrets: SecretStore, keys: Keys) -> None:
        self._keys = keys
        self._values: Remembered[SecretKey, str] = Remembered(secrets.values)

    async def prepared(self, run: Run, action: HttpAction) -> Prepared:
        """Return the action of `run` ready to be sent.

        Raises CannotSend for a secret that does not exist or cannot be sent where it is
        referred to, CannotUnseal for one that cannot be opened.
        """
        names, secret_headers = secret_names(action), _secret_headers(action)
        if not names and not secret_headers:
            return Prepared(action=action)
        action = await self._opened(run, action)
        values = await self._values_of(run.user_id, names)
        sent = _filled(action, values)
        parts = [
            part
            for name, value in sent.headers.items()
            if name.casefold() in secret_headers
            for part in secret_parts(name, value)
        ]
        holding = {n.casefold() for n, value in action.headers.items() if has_references(value)}
        return Prepared(
            action=sent,
            secrets=tuple(dict.fromkeys([*values.values(), *parts])),
            confidential=Confidential(
                headers=SECRET_HEADERS | secret_headers | holding,
                in_body=has_references(action.body),
            ),
        )

    async def _opened(self, run: Run, action: HttpAction) -> HttpAction:
        if not action.sealed:
            return action
        opened = {
            name: await self._keys.unseal(sealed, place=place_of_header(run.job_id, name))
            for name, sealed in action.sealed.items()
        }
        return replace(action, headers={**action.headers, **opened}, sealed={})

    async def _values_of(self, user_id: str, names: Sequence[str]) -> dict[str, str]:
        found = await asyncio.gather(*(self._values.get((user_id, name)) for name in names))
        values = {name: value for name, value in zip(names, found, strict=True) if value}
        missing = next((name for name in names if name not in values), None)
        if missing is not None:
            raise CannotSend(
                f"There is no secret {missing}. Create it under Settings, or change the job."
            )
        return values


def _secret_headers(action: HttpAction) -> frozenset[str]:
    """Return the headers of `action` (lower case) whose values are secret."""
    marked = {name.casefold() for name in (*action.secret_headers, *action.sealed)}
    given = {name.casefold() for name in action.headers}
    return frozenset(given & (SECRET_HEADERS | marked))


def _filled(action: HttpAction, values: dict[str, str]) -> HttpAction:
    """Return `action` with its references filled in; raise CannotSend for what cannot be sent."""
    if not values:
        return action
    _check_size("URL", action.url, values, _LONGEST_URL)
    _check_size("body", action.body or "", values, _LARGEST_BODY)
    for name, value in action.headers.items():
        _check_size(f"header {name}", value, values, _LONGEST_HEADER)
    filled = filled_action(action, values, json_body=_is_json(action))
    for name, value in filled.headers.items():
        if not _SENDABLE.fullmatch(value):
            raise CannotSend(
                f"The header {name} refers to a secret with line breaks or characters beyond "
                "ASCII, which no header can carry."
            )
    return filled


def _check_size(what: str, text: str, values: dict[str, str], most: int) -> None:
    size = filled_size(text, values)
    if size > most:
        raise CannotSend(
            f"With its secrets filled in, the {what} has {size:,} characters; {most:,} is the most."
        )


def _is_json(action: HttpAction) -> bool:
    if any(name.casefold() == "content-type" for name in action.headers):
        return says_json(action.headers)
    return guess_type(without_references(action.body or "")) == "application/json"
