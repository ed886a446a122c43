"""The secrets that jobs refer to, under settings."""

from collections.abc import Mapping

from components.ask import ask
from components.settings_secrets import SecretRow, SecretSettings
from components.words import counted
from cronpp_app.errors import InvalidInput
from cronpp_app.services.accounts import User
from cronpp_app.services.drafts import check_fields
from cronpp_app.services.secrets import NewSecretDraft, SecretDraft
from pages.visitor import Visitor

_MOST = 100


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
                "The value cannot be recovered.",
                action="Delete secret",
                on_yes=self._visitor.guarded(delete),
            )

    async def _delete(self, user: User, name: str) -> None:
        await self._secrets.delete(user, name)
        self._settings.show(await self._rows(user))
        self._visitor.tell(f"{name} is deleted.")
