"""People's secrets, which their jobs refer to as `{{secret.NAME}}`; never shown again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from cronpp_app.clock import utc_now
from cronpp_app.domain.references import SECRET_NAME
from cronpp_app.domain.secrets import mask
from cronpp_app.errors import Conflict, NotFound
from cronpp_app.services.accounts import User
from cronpp_app.services.audit import Audit, AuditAction, AuditTarget
from cronpp_app.services.draft_models import Strict
from cronpp_app.services.draft_types import refuse, shown
from cronpp_app.services.paging import Page, check_limit, page_of, read_cursor, write_cursor
from cronpp_app.store.secrets import SecretStore, StoredSecret

MOST_SECRETS: Final = 100
LARGEST_VALUE_BYTES: Final = 8_192
_ORDER = "secrets"


def _name(name: str) -> str:
    if not SECRET_NAME.fullmatch(name):
        refuse(
            "Must be 1 to 64 capital letters, digits and _, beginning with a letter, not "
            f"{shown(name)}."
        )
    return name


def _value(value: str) -> str:
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        refuse("Must not contain half of a surrogate pair.")
    if not 1 <= size <= LARGEST_VALUE_BYTES:
        refuse(f"Must be 1 to {LARGEST_VALUE_BYTES:,} bytes of UTF-8, not {size:,}.")
    if "\0" in value:
        refuse("Must not contain a zero byte.")
    return value


SecretValue = Annotated[str, AfterValidator(_value)]


class NewSecretDraft(Strict):
    """A secret: its name, and the value that is never shown again."""

    name: Annotated[str, AfterValidator(_name)] = Field(examples=["GITHUB_TOKEN"])
    value: SecretValue


class SecretDraft(Strict):
    """Another value of a secret."""

    value: SecretValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A secret as it may be shown: `shown` is its mask, `used_by` the number of jobs."""

    name: str
    shown: str
    used_by: int
    created_at: datetime
    updated_at: datetime


class Secrets:
    """The secrets of people; the first argument says who asks."""

    def __init__(
        self, store: SecretStore, *, audit: Audit, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock

    async def list(self, user: User, *, limit: int = 50, cursor: str | None = None) -> Page[Secret]:
        """Return a page of the secrets of `user`, by name; raise InvalidInput."""
        check_limit(limit)
        position = read_cursor(_ORDER, cursor)
        after = position[1] if position else None
        stored, last = await self._store.page(user.id, limit=limit, after=after)
        return page_of(
            await self._counted(user, stored),
            next_cursor=write_cursor(_ORDER, ("", last) if last else None),
            counted=await self._store.count(user.id),
        )

    async def create(self, user: User, draft: NewSecretDraft) -> Secret:
        """Return a new secret; raise Conflict if its name is taken, or there are 100 already."""
        added = await self._store.add(
            user.id, draft.name, draft.value, shown=mask(draft.value), now=self._clock()
        )
        if not added:
            raise Conflict(f"There is a secret {draft.name} already; give it another value.")
        # Counted afterwards: however many are made at the same moment, 100 at most remain.
        if await self._store.count(user.id) > MOST_SECRETS:
            await self._store.delete(user.id, draft.name)
            raise Conflict(f"There can be at most {MOST_SECRETS} secrets; delete one first.")
        await self._audit.note(user, AuditAction.SECRET_CREATED, _target(draft.name))
        return await self._get(user, draft.name)

    async def replace(self, user: User, name: str, draft: SecretDraft) -> Secret:
        """Return the secret with another value, which counts within seconds; raise NotFound."""
        replaced = await self._store.replace(
            user.id, name, draft.value, shown=mask(draft.value), now=self._clock()
        )
        if not replaced:
            raise _not_found(name)
        await self._audit.note(user, AuditAction.SECRET_REPLACED, _target(name))
        return await self._get(user, name)

    async def delete(self, user: User, name: str) -> None:
        """Delete a secret; runs of jobs that refer to it fail from now on. Raises NotFound."""
        if not await self._store.delete(user.id, name):
            raise _not_found(name)
        await self._audit.note(user, AuditAction.SECRET_DELETED, _target(name))

    async def _get(self, user: User, name: str) -> Secret:
        stored = await self._store.get(user.id, name)
        if stored is None:
            raise _not_found(name)
        (secret,) = await self._counted(user, [stored])
        return secret

    async def _counted(self, user: User, stored: Sequence[StoredSecret]) -> tuple[Secret, ...]:
        counts = await self._store.use_counts(user.id, [one.name for one in stored])
        return tuple(
            Secret(
                name=one.name,
                shown=one.shown,
                used_by=counts.get(one.name, 0),
                created_at=one.created_at,
                updated_at=one.updated_at,
            )
            for one in stored
        )


def _target(name: str) -> AuditTarget:
    return AuditTarget(kind="secret", id=name, name=name)


def _not_found(name: str) -> NotFound:
    return NotFound(f"There is no secret {name}.")
