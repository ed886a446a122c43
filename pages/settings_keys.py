"""What opens doors, under settings: API tokens, the signing secret, secrets of jobs."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from components.ask import ask
from components.settings_secrets import SecretRow, SecretSettings, SigningSettings
from components.settings_tokens import TokenRow, TokenSettings
from components.words import counted, epoch_ms
from cronpp_app.clock import utc_now
from cronpp_app.errors import InvalidInput
from cronpp_app.services.accounts import User
from cronpp_app.services.drafts import check_fields
from cronpp_app.services.secrets import NewSecretDraft, SecretDraft
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
        self._visitor.tell("The token is deleted and opens nothing any more.")


class SigningKeeping:
    """Shows and replaces the signing secret."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._signing = visitor.services.signing
        guarded = visitor.guarded
        self._settings = SigningSettings(on_show=guarded(self._show), on_replace=guarded(self._ask))

    async def _show(self, user: User) -> None:
        found = await self._signing.show(user)
        self._settings.show(found.secret, previous_until=epoch_ms(found.previous_until))

    async def _ask(self, _: User) -> None:
        with self._visitor.client:
            ask(
                "Replace the signing secret?",
                "For 24 hours calls carry signatures of both, so that your targets can change "
                "over; after that only the new one counts.",
                action="Replace secret",
                on_yes=self._visitor.guarded(self._replace),
            )

    async def _replace(self, user: User) -> None:
        made = await self._signing.rotate(user)
        self._settings.show(made.secret, previous_until=epoch_ms(made.previous_until))


class SecretKeeping:
    """Saves and deletes the secrets that jobs refer to."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._secrets = visitor.services.secrets

    async def draw(self) -> None:
        """Draw the secrets, and what saves one."""
        guarded = self._visitor.guarded
        self._settings = SecretSettings(
            await self._rows(self._visitor.user),
            on_save=guarded(self._save),
            on_delete=guarded(self._ask),
        )

    async def _rows(self, user: User) -> list[SecretRow]:
        page = await self._secrets.list(user, limit=_MOST)
        self._used = {secret.name: secret.used_by for secret in page.items}
        return [
            SecretRow(name=secret.name, shown=secret.shown, used_by=secret.used_by)
            for secret in page.items
        ]

    async def _save(self, user: User, typed: Mapping[str, str]) -> None:
        name, value = typed["name"], typed["value"]
        try:
            if name in self._used:
                draft = check_fields(SecretDraft, {"value": value})
                await self._secrets.replace(user, name, draft)
            else:
                await self._secrets.create(user, check_fields(NewSecretDraft, dict(typed)))
        except InvalidInput as error:
            self._settings.show_errors(error.errors)
            return
        self._settings.forget()
        self._settings.show(await self._rows(user))
        self._visitor.tell(f"{name} is saved; jobs use it within seconds.")

    async def _ask(self, user: User, name: str) -> None:
        used = self._used.get(name, 0)
        if not used:
            await self._delete(user, name)
            return

        async def delete(now: User) -> None:
            await self._delete(now, name)

        with self._visitor.client:
            ask(
                f"Delete {name}?",
                f"Runs of the {counted(used, 'job')} that refer to it will fail. "
                "The value cannot be brought back.",
                action="Delete secret",
                on_yes=self._visitor.guarded(delete),
            )

    async def _delete(self, user: User, name: str) -> None:
        await self._secrets.delete(user, name)
        self._settings.show(await self._rows(user))
        self._visitor.tell(f"{name} is deleted.")
