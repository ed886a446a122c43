"""API tokens: how programs of a person come in, without the person's password."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import ValidationInfo, field_validator

from cronpp_app.clock import utc_now
from cronpp_app.errors import Conflict, NotFound
from cronpp_app.services.accounts import Accounts, Identity, User
from cronpp_app.services.audit import Audit, AuditAction, AuditTarget
from cronpp_app.services.draft_models import Strict
from cronpp_app.services.draft_types import OptionalMoment, Text, context_of, refuse
from cronpp_app.services.paging import Page, check_limit, page_of, read_cursor, write_cursor
from cronpp_app.store.database import new_id
from cronpp_app.store.tokens import ApiToken, TokenStore

__all__ = ["ApiToken", "NewToken", "TokenDraft", "Tokens"]

# Secret scanners and people know a leaked token by its beginning.
PREFIX = "cpp_"
MOST_TOKENS = 50
_ORDER = "tokens"
_NOTED_EVERY = timedelta(minutes=1)


class TokenDraft(Strict):
    """A token to be made: what it is for, and what it may do, for how long."""

    name: Annotated[str, Text(1, 100, strip=True)]
    scope: Literal["read", "write"]
    expires_at: OptionalMoment = None

    @field_validator("expires_at")
    @classmethod
    def _to_come(cls, moment: datetime | None, info: ValidationInfo) -> datetime | None:
        if moment is not None and moment <= context_of(info).now:
            refuse("Must be in the future; leave it out for a token that does not expire.")
        return moment


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A token just made: the only time that `secret` is seen."""

    secret: str
    token: ApiToken


class Tokens:
    """API tokens of people; the first argument says who asks."""

    def __init__(
        self,
        store: TokenStore,
        accounts: Accounts,
        *,
        audit: Audit,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._audit = audit
        self._clock = clock

    async def create(self, user: User, draft: TokenDraft) -> NewToken:
        """Return a new token of `user`; raise Conflict if there are 50 already."""
        secret = PREFIX + secrets.token_urlsafe(32)
        token = ApiToken(
            id=new_id(),
            user_id=user.id,
            name=draft.name,
            scope=draft.scope,
            ending=secret[-4:],
            created_at=self._clock(),
            expires_at=draft.expires_at,
        )
        await self._store.add(token, hashed=_hashed(secret))
        # Counted afterwards: however many are made at the same moment, 50 at most remain.
        if await self._store.count(user.id) > MOST_TOKENS:
            await self._store.delete(user.id, token.id)
            message = f"There can be at most {MOST_TOKENS} API tokens; delete one first."
            raise Conflict(message)
        await self._audit.note(user, AuditAction.TOKEN_CREATED, _target(token))
        return NewToken(secret=secret, token=token)

    async def list(
        self, user: User, *, limit: int = 50, cursor: str | None = None
    ) -> Page[ApiToken]:
        """Return a page of the tokens of `user`, the newest first; raise InvalidInput."""
        check_limit(limit)
        position = read_cursor(_ORDER, cursor)
        after = position[1] if position else None
        tokens, last = await self._store.page(user.id, limit=limit, after=after)
        following = write_cursor(_ORDER, ("", last) if last else None)
        return page_of(tokens, next_cursor=following, counted=await self._store.count(user.id))

    async def delete(self, user: User, token_id: str) -> None:
        """Delete a token: it is refused from now on. Raises NotFound."""
        token = await self._store.delete(user.id, token_id)
        if token is None:
            raise NotFound(f"There is no API token {token_id}.")
        await self._audit.note(user, AuditAction.TOKEN_DELETED, _target(token))

    async def identify(self, secret: str) -> Identity | None:
        """Return who holds the token `secret`, or None if it is not (or no longer) valid.

        Asked of the database every time: a token that was deleted anywhere opens nothing.
        Notes the use, at most once a minute.
        """
        hashed, now = _hashed(secret), self._clock()
        token = await self._store.by_hash(hashed)
        if token is None or (token.expires_at is not None and token.expires_at <= now):
            return None
        user = await self._accounts.user(token.user_id)
        if user is None:
            return None
        if token.last_used_at is None or now - token.last_used_at >= _NOTED_EVERY:
            await self._store.note_use(token.id, now=now)
        return Identity(user=user, session_id=hashed, scope=token.scope, token=token.name)


def _target(token: ApiToken) -> AuditTarget:
    return AuditTarget(kind="token", id=token.id, name=token.name)


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
