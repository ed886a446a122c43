"""Who looks at a page: found out when it is fetched, and again before anything is done."""

import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nicegui import Client, ui

from components.theme import apply_theme
from cronpp_app.domain.audit import Via
from cronpp_app.errors import CronppError, NotSignedIn
from cronpp_app.services.accounts import Identity, User
from cronpp_app.services.acting import act
from cronpp_app.services.web_sessions import origin_of
from pages.sessions import lead_to_login, token_of

if TYPE_CHECKING:
    from cronpp_app.composition import Services

log = logging.getLogger("cronpp.pages")

UserHandler = Callable[..., Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """The person at one page; `user` is as of the fetch, `me` as of now.

    `undos` are what the messages on this page offer to take back, by their tokens.
    """

    services: "Services"
    client: Client
    user: User
    undos: dict[str, UserHandler] = field(default_factory=dict)

    async def me(self) -> User:
        """Return who is there now; raise NotSignedIn if the session has ended meanwhile."""
        return (await self.identity()).user

    async def identity(self) -> Identity:
        """Return who is there now, with the session; raise NotSignedIn if it has ended."""
        token = token_of(self.client)
        identity = await self.services.accounts.identify(token) if token else None
        if identity is None or identity.user.id != self.user.id:
            raise NotSignedIn("Your session has ended; sign in again.")
        return identity

    def guarded(self, handler: UserHandler) -> Callable[..., Awaitable[None]]:
        """Return an event handler that gives `handler` the user of this moment.

        What people did wrong is told to them; a session that has ended leads to the login.
        """

        async def checked(*arguments: Any) -> None:
            act(via=Via.PAGE, address=origin_of(self.client.request))
            try:
                await handler(await self.me(), *arguments)
            except NotSignedIn:
                lead_to_login(self.client)
            except CronppError as error:
                self.tell(str(error), good=False)
            except Exception:  # whatever it was, the person must not wait for nothing
                log.exception("event not handled", extra={"user_id": self.user.id})
                self.tell("That did not work; try again in a moment.", good=False)

        return checked

    def tell(self, words: str, *, good: bool = True) -> None:
        """Show a message for a few seconds."""
        if self.client.is_deleted:
            return
        icon = "circle-check" if good else "circle-alert"
        with self.client:
            # As an option, not as markup: Quasar shows it as text.
            ui.notify(words, icon=icon, position="bottom", timeout=4000, html=False)

    def show_address(self, path: str) -> None:
        """Have the browser show `path` as where it is, without going there."""
        self.client.run_javascript(f"cxAddress({json.dumps(path)})")


def visitor_of(services: "Services") -> Visitor:
    """Return the visitor of the page that is being built, drawn in their theme."""
    client = ui.context.client
    apply_theme(client)
    identity: Identity | None = client.request.state.identity
    if identity is None:
        raise NotSignedIn("Sign in first.")
    return Visitor(services=services, client=client, user=identity.user)
