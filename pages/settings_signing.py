"""The secret that signs calls, under settings."""

from components.ask import ask
from components.settings_secrets import SigningSettings
from components.words import epoch_ms
from cronpp_app.services.accounts import User
from pages.visitor import Visitor


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
