"""Who somebody is: a person with an account, and what shows that a request is theirs."""

from dataclasses import dataclass
from datetime import datetime

from cronpp_app.store.accounts import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person with an account; `role` is "admin" or "user"."""

    id: str
    email: str
    role: str
    timezone: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """The answer to a sign-in: the only time that the token is seen."""

    token: str
    expires_at: datetime
    user: User


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who makes a request; `session_id` is the SHA-256 of the token, never the token.

    `scope` is "read" or "write" for somebody who came with an API token, None in a session;
    `token` is the name of that API token.
    """

    user: User
    session_id: str
    scope: str | None = None
    token: str | None = None


def user_of(account: Account) -> User:
    """Return the person of an account."""
    return User(
        id=account.id,
        email=account.email,
        role=account.role,
        timezone=account.timezone,
        created_at=account.created_at,
    )
