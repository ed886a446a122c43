"""Secrets arrive at the target, and nowhere else: not in the database, in answers, in logs."""

import base64
import json
import logging
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from cronpp_app.domain.attempts import ErrorKind
from cronpp_app.domain.jobs import HttpAction, Job
from cronpp_app.engine.perform import Performing
from cronpp_app.errors import InvalidInput
from cronpp_app.services.fields import attempt_fields, job_fields, run_fields
from cronpp_app.services.secrets import NewSecretDraft, SecretDraft
from cronpp_app.store.database import Database
from tests.engine.conftest import Bench
from tests.engine.receivers import Receiver
from tests.factories import job_definition, make_user

ADA, BOB = make_user(id="ada"), make_user(id="bob")
PASSWORD = 'correct/"horse"+battery'


def echo(lines: list[str], body: bytes) -> bytes:
    """Answer with all that came, in as many forms as a target may think of."""
    said = "\n".join(lines).encode("latin-1") + b"\n" + body
    text = said.decode("utf-8", "replace")
    forms = [text, quote(text), json.dumps(text), base64.b64encode(said).decode(), text.lower()]
    forms += [base64.b64encode(b"." * n + line.encode()).decode() for n in (1, 2) for line in lines]
    return "\n".join(forms).encode()


@pytest.fixture
def run_job(bench: Bench, performing: Performing, receiver: Receiver) -> Any:
    """Save a job of Ada's that calls the receiver, run it once, and return it."""
    bench.target.perform = performing.perform  # type: ignore[method-assign]
    receiver.answer = echo

    async def run(**action: Any) -> Job:
        call = HttpAction(**{"method": "POST", "url": receiver.url} | action)
        job = await bench.services.jobs.create(ADA, job_definition(action=call))
        await bench.services.jobs.run_now(ADA, job.id)
        worker = await bench.worker(slots=5)
        await bench.begin(worker)
        await bench.settle(worker)
        return job

    return run


async def everything(bench: Bench, job: Job) -> str:
    """Return all that is stored and shown after a run, as text."""
    database = bench.database.raw
    dump = [
        [document async for document in database[name].find()]
        for name in await database.list_collection_names()
    ]
    run = await bench.run(job)
    shown, attempts = await bench.services.runs.get(ADA, run.id)
    answers = [
        job_fields(await bench.services.jobs.get(ADA, job.id)),
        run_fields(shown, attempts),
        [attempt_fields(attempt) for attempt in attempts],
    ]
    return f"{dump}\n{json.dumps(answers, ensure_ascii=False)}\n{json.dumps(answers)}"


async def test_a_secret_is_filled_in_wherever_it_is_referred_to(
    bench: Bench, run_job: Any, receiver: Receiver
) -> None:
    secret = NewSecretDraft(name="KEY", value=PASSWORD)
    await bench.services.secrets.create(ADA, secret)
    await run_job(
        url=receiver.url + "/{{secret.KEY}}",
        headers={"X-Plain": "{{secret.KEY}}", "Content-Type": "application/json"},
        body='{"key": "{{secret.KEY}}"}',
    )
    ((headers, body),) = receiver.calls
    assert headers["x-plain"] == PASSWORD
    assert json.loads(body) == {"key": PASSWORD}


async def test_sealed_headers_arrive_in_clear(run_job: Any, receiver: Receiver) -> None:
    await run_job(
        headers={"Authorization": "Bearer 1234567890", "X-Token": "token-value"},
        secret_headers=("x-token",),
    )
    ((headers, _),) = receiver.calls
    assert (headers["authorization"], headers["x-token"]) == ("Bearer 1234567890", "token-value")


NASTY = [
    "plain-and-long-enough",
    PASSWORD,
    "a%b&c=d+e f",
    "back\\slash'quote<tag>",
    "0f0f0f0f0f0f0f0f",
    "eyJhbGciOiJIUzI1NiJ9.e30.XmNK3GpH3Ys_7wsYBfq4C3M6goz71I7dTgUkuIa5lyQ",
]


@pytest.mark.parametrize("value", NASTY)
async def test_after_a_run_no_secret_is_stored_shown_or_logged(
    bench: Bench,
    run_job: Any,
    receiver: Receiver,
    caplog: pytest.LogCaptureFixture,
    value: str,
) -> None:
    caplog.set_level(logging.DEBUG, "cronpp")
    await bench.services.secrets.create(ADA, NewSecretDraft(name="KEY", value=value))
    receiver.statuses = [500]
    typed = f"Bearer typed-{value}"
    job = await run_job(
        headers={"Authorization": typed, "X-Key": "{{secret.KEY}}", "X-Marked": f"m-{value}"},
        secret_headers=("X-Marked",),
        body="the key is {{secret.KEY}}",
    )
    headers, body = receiver.calls[-1]
    assert (headers["authorization"], headers["x-key"]) == (typed, value)
    assert value in body.decode()
    told = await everything(bench, job) + caplog.text
    encoded = base64.b64encode(value.encode()).decode().rstrip("=")[:-1]
    for form in (value, json.dumps(value)[1:-1], quote(value, safe=""), encoded):
        assert form not in told


async def test_an_unknown_secret_is_refused_when_a_job_is_saved(bench: Bench) -> None:
    action = HttpAction(
        method="POST",
        url="https://example.org/{{secret.A}}",
        headers={"X-B": "{{secret.B}}"},
        body="{{secret.C}}",
    )
    with pytest.raises(InvalidInput) as refused:
        await bench.services.jobs.create(ADA, job_definition(action=action))
    fields = [problem.field for problem in refused.value.errors]
    assert fields == ["action.url", "action.body", "action.headers.X-B"]
    assert "There is no secret A" in refused.value.errors[0].message


async def test_a_secret_of_somebody_else_is_unknown(bench: Bench) -> None:
    await bench.services.secrets.create(BOB, NewSecretDraft(name="KEY", value=PASSWORD))
    action = HttpAction(method="POST", url="https://example.org/", body="{{secret.KEY}}")
    with pytest.raises(InvalidInput, match="There is no secret KEY"):
        await bench.services.jobs.create(ADA, job_definition(action=action))


async def test_a_run_whose_secret_was_deleted_fails_for_good_and_says_so(
    bench: Bench, run_job: Any, receiver: Receiver
) -> None:
    await bench.services.secrets.create(ADA, NewSecretDraft(name="KEY", value=PASSWORD))
    job = await bench.services.jobs.create(
        ADA, job_definition(action=HttpAction(method="GET", url=receiver.url + "{{secret.KEY}}"))
    )
    await bench.services.secrets.delete(ADA, "KEY")
    await bench.services.jobs.run_now(ADA, job.id)
    worker = await bench.worker()
    await bench.begin(worker)
    await bench.settle(worker)
    run = await bench.run(job)
    assert (run.status, run.attempt_count, run.error.kind) == ("FAILED", 1, ErrorKind.INTERNAL)
    assert "There is no secret KEY" in run.error.message
    assert receiver.calls == []


async def test_a_url_is_judged_with_its_secrets_filled_in(
    bench: Bench, run_job: Any, database: Database
) -> None:
    secrets = bench.services.secrets
    await secrets.create(ADA, NewSecretDraft(name="HOST", value="example.org"))
    action = HttpAction(method="GET", url="http://{{secret.HOST}}/")
    job = await bench.services.jobs.create(ADA, job_definition(action=action))
    await secrets.replace(ADA, "HOST", SecretDraft(value="169.254.169.254"))
    with pytest.raises(InvalidInput) as refused:
        await bench.services.jobs.edit(ADA, job.id, job_definition(action=action))
    assert "169.254" not in str(refused.value)
    await bench.services.jobs.run_now(ADA, job.id)
    worker = await bench.worker()
    await bench.begin(worker)
    await bench.settle(worker)
    run = await bench.run(job)
    assert run.error.kind is ErrorKind.BLOCKED
    assert "169.254.169.254" not in await everything(bench, job)


@pytest.mark.parametrize("value", ["two\nlines", "ümlaut"])
async def test_a_value_that_no_header_can_carry_is_a_clear_error(
    bench: Bench, run_job: Any, receiver: Receiver, value: str
) -> None:
    await bench.services.secrets.create(ADA, NewSecretDraft(name="KEY", value=value))
    job = await run_job(headers={"X-Key": "{{secret.KEY}}"})
    run = await bench.run(job)
    assert run.error.kind is ErrorKind.INTERNAL
    assert "The header X-Key refers to a secret with line breaks" in run.error.message
    assert receiver.calls == []


async def test_a_body_cannot_be_blown_up_by_references(
    bench: Bench, run_job: Any, receiver: Receiver
) -> None:
    await bench.services.secrets.create(ADA, NewSecretDraft(name="A", value="x" * 8_000))
    job = await run_job(body="{{secret.A}}" * 1_000)
    assert "8,000,000 characters" in (await bench.run(job)).error.message
    assert receiver.calls == []


async def test_a_copy_of_a_job_has_the_secret_sealed_for_itself(
    bench: Bench, run_job: Any, receiver: Receiver
) -> None:
    job = await run_job(headers={"Authorization": "Bearer 1234567890"})
    copy = await bench.services.jobs.duplicate(ADA, job.id)
    await bench.services.jobs.run_now(ADA, copy.id)
    worker = await bench.worker()
    await bench.begin(worker)
    await bench.settle(worker)
    assert [headers["authorization"] for headers, _ in receiver.calls] == ["Bearer 1234567890"] * 2


async def test_a_sealed_header_moved_into_another_job_is_not_sent(
    bench: Bench, run_job: Any, receiver: Receiver
) -> None:
    job = await run_job(headers={"Authorization": "Bearer 1234567890"})
    other = await bench.services.jobs.create(ADA, job_definition(action=job.definition.action))
    await bench.services.jobs.run_now(ADA, other.id)
    worker = await bench.worker()
    await bench.begin(worker)
    await bench.settle(worker)
    assert (await bench.run(other)).error.kind is ErrorKind.INTERNAL
    assert len(receiver.calls) == 1


async def test_a_header_stored_in_clear_long_ago_is_sent_and_sealed_by_the_next_edit(
    bench: Bench, run_job: Any, receiver: Receiver, database: Database
) -> None:
    job = await run_job(headers={"Authorization": "Bearer 1234567890"})
    plain = [["Authorization", "Bearer 1234567890"]]
    await database.jobs.update_one(
        {"_id": job.id},
        {"$set": {"schema": 1, "action.headers": plain}, "$unset": {"action.sealed": ""}},
    )
    old = await bench.services.jobs.get(ADA, job.id)
    assert job_fields(old)["action"]["headers"] == {"Authorization": "••••7890"}
    await bench.services.jobs.edit(ADA, job.id, replace(old.definition, name="New name"))
    stored = await database.jobs.find_one({"_id": job.id})
    assert stored is not None
    assert "1234567890" not in str(stored)
    assert stored["schema"] == 2
