"""The settings of the person who is signed in."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from components.markup import box, text
from components.settings_form import SettingsForm, SettingsValues
from components.theme import theme_of
from cronpp_app.domain.zones import load_zone
from cronpp_app.errors import InvalidInput
from cronpp_app.services.accounts import User
from pages.framed import framed
from pages.routes import page
from pages.settings_account import LeavingKeeping, SessionKeeping
from pages.settings_secrets import SecretKeeping
from pages.settings_signing import SigningKeeping
from pages.settings_tokens import TokenKeeping
from pages.settings_transfer import TransferKeeping
from pages.visitor import Visitor, visitor_of

if TYPE_CHECKING:
    from cronpp_app.composition import Services


def register(services: "Services") -> None:
    """Register /settings."""

    @page("/settings", "Settings")
    async def settings_page() -> None:
        visitor = visitor_of(services)
        keeping = Keeping(visitor)
        async with framed(visitor, "/settings", narrow=True):
            with box("cx-page-head"):
                text("Settings", "cx-h1", tag="h1")
            with box("cx-editor-main"):
                keeping.form = SettingsForm(
                    _values(visitor),
                    on_timezone=visitor.guarded(keeping.set_timezone),
                    on_password=visitor.guarded(keeping.set_password),
                    on_theme=keeping.set_theme,
                )
                await SessionKeeping(visitor).draw()
                await TokenKeeping(visitor).draw()
                await SecretKeeping(visitor).draw()
                SigningKeeping(visitor)
                TransferKeeping(visitor)
                LeavingKeeping(visitor)


class Keeping:
    """Keeps what is changed on the page."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._accounts = visitor.services.accounts
        self.form: SettingsForm | None = None

    async def set_timezone(self, _: User, timezone: str) -> None:
        """Keep the zone."""
        await self._accounts.set_timezone(await self._visitor.identity(), timezone)
        self._visitor.tell(f"Times are now shown in the time zone {timezone.replace('_', ' ')}.")

    async def set_password(self, _: User, typed: Mapping[str, str]) -> None:
        """Keep the new password, and end all other sessions."""
        identity = await self._visitor.identity()
        try:
            await self._accounts.change_password(
                identity, current=typed["current"], new=typed["new"]
            )
        except InvalidInput as error:
            if self.form is not None:
                self.form.show_errors(error.errors)
            return
        if self.form is not None:
            self.form.clear_passwords()
        self._visitor.tell("The password is changed; all other sessions have ended.")

    def set_theme(self, theme: str) -> None:
        """Have the browser keep the theme; it is nobody else's."""
        self._visitor.client.run_javascript(f"cxTheme('{theme}')")


def _values(visitor: Visitor) -> SettingsValues:
    user = visitor.user
    since = user.created_at.astimezone(load_zone(user.timezone))
    return SettingsValues(
        email=user.email,
        role="Administrator" if user.role == "admin" else "User",
        since=f"{since.day} {since:%B %Y}",
        timezone=user.timezone,
        theme=theme_of(visitor.client),
    )
