"""Guessing passwords: few are looked at, and nobody can keep the owner out."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from cronpp_app.domain.throttling import OF_SIGNUPS, network_of
from cronpp_app.errors import InvalidInput, NotSignedIn, TooMany
from cronpp_app.services.accounts import Accounts
from cronpp_app.services.login_guard import LoginGuard
from cronpp_app.services.passwords import Hasher
from cronpp_app.store.accounts import AccountStore
from cronpp_app.store.database import Database
from cronpp_app.store.throttles import ThrottleStore
from tests.factories import make_audit

ADA, PASSWORD = "ada@example.org", "correct horse battery"
HOME, AWAY = "203.0.113.7", "198.51.100.9"


class CountingHasher(Hasher):
    """Counts the passwords that are looked at."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_kib=1024)
        self.looked_at = 0

    async def matches(self, password: str, hashed: str | None) -> bool:
        self.looked_at += 1
        return await super().matches(password, hashed)


@pytest.fixture
def hasher() -> CountingHasher:
    return CountingHasher()


@pytest.fixture
def accounts(database: Database, hasher: CountingHasher) -> Accounts:
    return _process(database, hasher)


def _process(database: Database, hasher: Hasher) -> Accounts:
    """Return what one web process has; several share a database."""
    guard = LoginGuard(ThrottleStore(database))
    return Accounts(AccountStore(database), guard, audit=make_audit(database), hasher=hasher)


async def _guess(accounts: Accounts, origin: str, *, email: str = ADA) -> type[Exception]:
    try:
        await accounts.login(email, "a wrong guess", origin=origin)
    except (NotSignedIn, TooMany) as error:
        return type(error)
    raise AssertionError("a wrong password was let in")


async def _let_pass(database: Database, span: timedelta) -> None:
    """Let it be later for everything that is counted."""
    earlier = {"$subtract": ["$counted_at", round(span.total_seconds() * 1000)]}
    await database.raw["throttles"].update_many(
        {"counted_at": {"$exists": True}}, [{"$set": {"counted_at": earlier}}]
    )


@pytest.mark.parametrize("email", [ADA, "nobody@example.org"])
async def test_of_a_thousand_guesses_from_fifty_addresses_few_are_looked_at(
    accounts: Accounts, hasher: CountingHasher, database: Database, email: str
) -> None:
    await accounts.signup(ADA, PASSWORD)
    processes = [accounts, _process(database, hasher)]
    for minute in range(10):
        for number in range(100):
            await _guess(processes[number % 2], f"10.0.0.{number % 50}", email=email)
        if minute < 9:
            await _let_pass(database, timedelta(minutes=1))
    assert 10 <= hasher.looked_at <= 20


async def test_guesses_from_elsewhere_do_not_keep_the_owner_out(accounts: Accounts) -> None:
    await accounts.signup(ADA, PASSWORD)
    await accounts.login(ADA, PASSWORD, origin=HOME)
    while await _guess(accounts, AWAY) is not TooMany:
        pass
    assert await accounts.login(ADA, PASSWORD, origin=HOME)


async def test_guesses_do_not_keep_out_who_has_only_signed_up(accounts: Accounts) -> None:
    await accounts.signup(ADA, PASSWORD, origin=HOME)
    while await _guess(accounts, AWAY) is not TooMany:
        pass
    assert await accounts.login(ADA, PASSWORD, origin=HOME)


async def test_owners_who_sign_in_often_leave_no_more_room_for_guesses(
    accounts: Accounts, hasher: CountingHasher
) -> None:
    await accounts.signup(ADA, PASSWORD)
    await accounts.login(ADA, PASSWORD, origin=HOME)
    hasher.looked_at = 0
    for number in range(40):
        await accounts.login(ADA, PASSWORD, origin=HOME)
        await _guess(accounts, f"10.0.0.{number}")
    assert hasher.looked_at == 40 + 10


async def test_guesses_from_the_owners_own_address_count_towards_the_twenty(
    accounts: Accounts, hasher: CountingHasher, database: Database
) -> None:
    await accounts.signup(ADA, PASSWORD)
    await accounts.login(ADA, PASSWORD, origin=HOME)
    hasher.looked_at = 0
    for minute in range(10):
        for number in range(40):
            await _guess(accounts, HOME if number % 2 else AWAY)
        if minute < 9:
            await _let_pass(database, timedelta(minutes=1))
    assert hasher.looked_at <= 20


async def test_neighbours_behind_the_same_address_do_not_keep_the_owner_out(
    accounts: Accounts,
) -> None:
    await accounts.signup(ADA, PASSWORD)
    await accounts.login(ADA, PASSWORD, origin=HOME)
    for number in range(60):
        await _guess(accounts, HOME, email=f"user{number}@example.org")
    assert await accounts.login(ADA, PASSWORD, origin=HOME)


async def test_of_guesses_at_the_same_moment_no_more_are_looked_at(
    accounts: Accounts, hasher: CountingHasher, database: Database
) -> None:
    await accounts.signup(ADA, PASSWORD)
    processes = [accounts, _process(database, hasher)]
    await asyncio.gather(*(_guess(processes[n % 2], f"10.0.0.{n}") for n in range(50)))
    assert hasher.looked_at == 10


async def test_accounts_made_from_one_address_are_limited_mildly(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert OF_SIGNUPS.tries >= 300
    few = replace(OF_SIGNUPS, tries=3)
    monkeypatch.setattr("cronpp_app.services.login_guard.OF_SIGNUPS", few)
    for number in range(3):
        await accounts.signup(f"user{number}@example.org", PASSWORD, origin=HOME)
    with pytest.raises(TooMany, match="Too many accounts"):
        await accounts.signup(ADA, PASSWORD, origin=HOME)
    assert await accounts.signup(ADA, PASSWORD, origin=AWAY)


async def test_a_right_password_is_not_looked_at_either_once_there_were_too_many(
    accounts: Accounts, hasher: CountingHasher
) -> None:
    await accounts.signup(ADA, PASSWORD)
    while await _guess(accounts, AWAY) is not TooMany:
        pass
    looked_at = hasher.looked_at
    with pytest.raises(TooMany, match="Try again in") as refused:
        await accounts.login(ADA, PASSWORD, origin=AWAY)
    assert 1 <= refused.value.retry_after_seconds <= 300
    assert hasher.looked_at == looked_at


async def test_nobody_is_locked_out_for_good(accounts: Accounts, database: Database) -> None:
    await accounts.signup(ADA, PASSWORD)
    while await _guess(accounts, AWAY) is not TooMany:
        pass
    await _let_pass(database, timedelta(minutes=5))
    assert await accounts.login(ADA, PASSWORD, origin=AWAY)


async def test_signing_in_again_and_again_is_no_guessing(accounts: Accounts) -> None:
    await accounts.signup(ADA, PASSWORD)
    for _ in range(60):
        await accounts.login(ADA, PASSWORD, origin=HOME)


async def test_one_password_tried_on_many_accounts_counts_as_well(accounts: Accounts) -> None:
    answers = [await _guess(accounts, AWAY, email=f"user{n}@example.org") for n in range(80)]
    assert TooMany in answers
    assert await _guess(accounts, HOME, email="user99@example.org") is NotSignedIn


async def test_the_present_password_cannot_be_guessed_from_a_stolen_session(
    accounts: Accounts,
) -> None:
    identity = await accounts.identify((await accounts.signup(ADA, PASSWORD)).token)
    assert identity is not None
    for _ in range(10):
        with pytest.raises(InvalidInput):
            await accounts.change_password(identity, current="a guess", new="something else 1")
    with pytest.raises(TooMany):
        await accounts.change_password(identity, current=PASSWORD, new="something else 1")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "unknown"),
    ],
)
def test_an_address_is_counted_as_its_household(address: str, network: str) -> None:
    assert network_of(address) == network
