"""API tokens under settings: made, shown once, deleted."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from components.settings_tokens import TokenRow, TokenSettings
from components.words import epoch_ms
from cronpp_app.clock import utc_now
from cronpp_app.errors import FieldError, InvalidInput
from cronpp_app.services.accounts import User
from cronpp_app.services.drafts import check_fields
from cronpp_app.services.tokens import TokenDraft
from pages.visitor import Visitor

_MOST = 100


class TokenKeeping:
    """Makes and deletes API tokens."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._tokens = visitor.services.tokens

    async def draw(self) -> None:
        """Draw the tokens, and what makes one."""
        guarded = self._visitor.guarded
        self._settings = TokenSettings(
            await self._rows(self._visitor.user),
            on_create=guarded(self._create),
            on_delete=guarded(self._delete),
        )

    async def _rows(self, user: User) -> list[TokenRow]:
        return [
            TokenRow(
                id=token.id,
                name=token.name,
                scope=token.scope,
                ending=token.ending,
                last_used=epoch_ms(token.last_used_at),
                expires=epoch_ms(token.expires_at),
            )
            for token in (await self._tokens.list(user, limit=_MOST)).items
        ]

    async def _create(self, user: User, typed: Mapping[str, Any]) -> None:
        if not typed["name"].strip():
            self._settings.show_errors([FieldError("name", "Give the token a name.")])
            return
        now = utc_now()
        draft: dict[str, Any] = {"name": typed["name"], "scope": typed["scope"]}
        if typed["days"]:
            draft["expires_at"] = (now + timedelta(days=typed["days"])).isoformat()
        try:
            made = await self._tokens.create(user, check_fields(TokenDraft, draft, now=now))
        except InvalidInput as error:
            self._settings.show_errors(error.errors)
            return
        self._settings.show_made(made.secret)
        self._settings.show(await self._rows(user))

    async def _delete(self, user: User, token_id: str) -> None:
        await self._tokens.delete(user, token_id)
        self._settings.show(await self._rows(user))
        self._visitor.tell("The token is deleted and no longer works.")
