"""Calls as a receiver checks them, with the library that receivers use."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from cronpp_app.clock import utc_now
from cronpp_app.composition import build_performing
from cronpp_app.domain.backoff import RetryPolicy
from cronpp_app.domain.jobs import HttpAction
from cronpp_app.engine.perform import Performing
from cronpp_app.engine.prepare import Preparing
from cronpp_app.outbound.caller import Caller
from cronpp_app.outbound.guard import parse_allow
from cronpp_app.services.signing import Signing
from cronpp_app.store.database import Database
from cronpp_app.store.keys import Keys
from cronpp_app.store.secrets import SecretStore
from cronpp_app.store.signing import SigningStore
from tests.engine.conftest import Bench
from tests.engine.receivers import Receiver
from tests.factories import make_audit, make_job, make_run, make_user

ADA = make_user(id="ada")


@pytest.fixture
def signing(database: Database, keys: Keys) -> Signing:
    return Signing(SigningStore(database, keys), audit=make_audit(database))


def run_calling(receiver: Any, **action: Any) -> Any:
    call = HttpAction(**{"method": "POST", "url": receiver.url, "body": '{"ü": 1}'} | action)
    return make_run(make_job(user_id="ada", action=call), id="run-1")


async def test_a_receiver_can_verify_a_call(
    performing: Performing, receiver: Receiver, signing: Signing
) -> None:
    assert (await performing.perform(run_calling(receiver), utc_now())).ok
    ((headers, sent),) = receiver.calls
    assert headers["webhook-id"] == "run-1"
    assert Webhook((await signing.show(ADA)).secret).verify(sent, headers) == {"ü": 1}


@pytest.mark.parametrize("body", ["plain text", None])
async def test_a_call_with_another_body_or_none_is_signed_too(
    performing: Performing, receiver: Receiver, signing: Signing, body: str | None
) -> None:
    await performing.perform(run_calling(receiver, body=body), utc_now())
    ((headers, sent),) = receiver.calls
    sent_at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    webhook = Webhook((await signing.show(ADA)).secret)
    assert headers["webhook-signature"] == webhook.sign("run-1", sent_at, sent.decode())


async def test_somebody_elses_secret_does_not_verify_the_call(
    performing: Performing, receiver: Receiver, signing: Signing
) -> None:
    await performing.perform(run_calling(receiver), utc_now())
    ((headers, sent),) = receiver.calls
    bobs = (await signing.show(make_user(id="bob"))).secret
    with pytest.raises(WebhookVerificationError):
        Webhook(bobs).verify(sent, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook((await signing.show(ADA)).secret).verify(sent + b" ", headers)


async def test_after_a_rotation_both_secrets_verify_for_a_day(
    database: Database, keys: Keys, receiver: Receiver, signing: Signing
) -> None:
    old = (await signing.show(ADA)).secret
    new = (await signing.rotate(ADA)).secret
    caller = Caller(rules=parse_allow("127.0.0.1"), user_agent="Cron++/test")
    performing = build_performing(database, caller, keys)
    await performing.perform(run_calling(receiver), utc_now())
    await performing.perform(run_calling(receiver), utc_now() + timedelta(hours=24, seconds=1))
    await caller.aclose()
    (overlap, sent), (after, _) = receiver.calls
    assert Webhook(old).verify(sent, overlap) == Webhook(new).verify(sent, overlap) == {"ü": 1}
    assert len(overlap["webhook-signature"].split()) == 2
    assert len(after["webhook-signature"].split()) == 1


async def test_all_attempts_of_a_run_carry_the_same_id_and_each_its_own_time(
    bench: Bench, performing: Performing, receiver: Receiver, signing: Signing
) -> None:
    receiver.statuses = [503, 503, 200]
    bench.target.perform = performing.perform  # type: ignore[method-assign]
    worker = await bench.worker()
    action = HttpAction(method="POST", url=receiver.url, body="{}")
    job = await bench.add_job(action=action, retry=RetryPolicy(max_retries=5, jitter=False))
    await bench.work_once(worker)
    for _ in range(2):
        await bench.make_due(job)
        await bench.begin(worker)
        await bench.settle(worker)
    run = await bench.run(job)
    assert [headers["webhook-id"] for headers, _ in receiver.calls] == [run.id] * 3
    assert [headers["idempotency-key"] for headers, _ in receiver.calls] == [run.id] * 3
    secret = (await signing.show(ADA)).secret
    for headers, sent in receiver.calls:
        assert Webhook(secret).verify(sent, headers) == {}


async def test_a_herd_of_runs_asks_for_the_secret_of_each_owner_once(
    database: Database, keys: Keys, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    store = SigningStore(database, keys)
    look_up = store.of

    async def counted(user_ids: Any, **options: Any) -> Any:
        asked.append(sorted(user_ids))
        return await look_up(user_ids, **options)

    monkeypatch.setattr(store, "of", counted)
    caller = Caller(rules=parse_allow("127.0.0.1"), user_agent="Cron++/test")
    performing = Performing(caller, store, Preparing(SecretStore(database, keys), keys))
    runs = [
        make_run(make_job(user_id=who, action=HttpAction(method="POST", url=receiver.url)))
        for who in ("ada", "bob") * 10
    ]
    await asyncio.gather(*(performing.perform(run, utc_now()) for run in runs))
    await performing.perform(runs[0], utc_now())
    await caller.aclose()
    assert len(receiver.calls) == 21
    assert asked == [["ada", "bob"]]


async def test_what_is_stored_does_not_tell_the_secret(
    database: Database, signing: Signing
) -> None:
    secret = (await signing.show(ADA)).secret
    stored = str([document async for document in database.raw["signing_secrets"].find()])
    assert secret not in stored
    assert secret.removeprefix("whsec_") not in stored
