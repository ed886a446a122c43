"""The log of a job: its runs, and what became of each."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest

from cronpp_app.composition import Services
from cronpp_app.domain.attempts import (
    AttemptError,
    AttemptResult,
    ErrorKind,
    ReceivedResponse,
    SentRequest,
)
from cronpp_app.domain.backoff import RetryPolicy
from cronpp_app.domain.jobs import Job
from cronpp_app.domain.runs import RunStatus
from cronpp_app.store.database import Database
from cronpp_app.store.keys import Keys
from tests.engine.conftest import Bench
from tests.pages.conftest import Person
from tests.pages.test_jobs_page import act
from tests.pages.waiting import sight_of, until

AddJob = Callable[..., Awaitable[Job]]
STUBBORN = RetryPolicy(max_retries=1, base=timedelta(minutes=5), jitter=False)
MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def unavailable(body: str = '{"error":"busy"}') -> AttemptResult:
    """What the caller returns when the target answers 503."""
    return AttemptResult(
        request=SentRequest(
            method="POST",
            url="https://example.org/hook",
            headers={"Authorization": "Bearer a very secret token"},
            body="{}",
        ),
        response=ReceivedResponse(
            status=503, headers={}, body=body, body_truncated=False, size_bytes=len(body)
        ),
        error=AttemptError(
            kind=ErrorKind.STATUS,
            message="The target answered 503 Service Unavailable.",
            traceback="Traceback (most recent call last): …",
        ),
        retryable=True,
    )


@pytest.fixture
async def bench(database: Database, keys: Keys) -> AsyncIterator[Bench]:
    bench = Bench(database, keys)
    yield bench
    await bench.services.aclose()


@pytest.fixture
def run_now(services: Services, bench: Bench) -> Callable[..., Awaitable[str]]:
    """Run a job by hand, up to the end of its first attempt; return the run's id."""

    async def run(person: Person, job: Job, *answers: AttemptResult) -> str:
        bench.target.answers = list(answers)
        run = await services.jobs.run_now(person.user, job.id)
        worker = await bench.worker()
        await bench.begin(worker)
        await bench.settle(worker)
        return run.id

    return run


RunNow = Callable[..., Awaitable[str]]


async def test_a_job_that_has_not_run_says_so(ada: Person, add_job: AddJob) -> None:
    job = await add_job(ada)
    await ada.browser.open("/jobs")
    act(ada.browser, "logs", job)
    await ada.browser.should_see("No runs yet")


async def test_a_failed_attempt_tells_what_went_wrong_and_when_the_next_one_is(
    ada: Person, add_job: AddJob, run_now: RunNow
) -> None:
    job = await add_job(ada, retry=STUBBORN)
    await run_now(ada, job, unavailable())
    await ada.browser.open(f"/jobs/{job.id}/runs")
    await ada.browser.should_see(marker="run-status", content="Retrying")
    await ada.browser.should_see("The target answered 503 Service Unavailable.")
    await ada.browser.should_see("Traceback (most recent call last): …")
    await ada.browser.should_see("Attempt 2")
    ada.browser.find(marker="tab-response").click()
    await ada.browser.should_see('"error": "busy"')
    ada.browser.find(marker="tab-request").click()
    await ada.browser.should_see("https://example.org/hook")
    await ada.browser.should_not_see("a very secret token")


async def test_a_run_has_an_address_of_its_own(
    ada: Person, bob: Person, add_job: AddJob, run_now: RunNow
) -> None:
    job = await add_job(ada, retry=STUBBORN)
    older = await run_now(ada, job, unavailable("the older one"))
    other = await add_job(ada, name="Another")
    await ada.browser.open(f"/jobs/{job.id}/runs/{older}")
    await ada.browser.should_see(older)
    for stranger, path in (
        (bob, f"/jobs/{job.id}/runs/{older}"),
        (ada, f"/jobs/{other.id}/runs/{older}"),
        (ada, f"/jobs/{job.id}/runs/nonsense"),
    ):
        assert (await stranger.http.get(path)).status_code == 404


async def test_an_open_log_follows_what_happens(
    ada: Person, add_job: AddJob, run_now: RunNow
) -> None:
    job = await add_job(ada)
    await ada.browser.open("/jobs")
    act(ada.browser, "logs", job)
    await ada.browser.should_see("No runs yet")
    await run_now(ada, job)
    await ada.browser.should_see(marker="run-status", content="Success", retries=50)


async def test_a_retry_may_be_hurried_or_called_off(
    ada: Person, add_job: AddJob, run_now: RunNow, services: Services
) -> None:
    job = await add_job(ada, retry=STUBBORN)
    run_id = await run_now(ada, job, unavailable())
    planned = (await services.runs.get(ada.user, run_id))[0].next_attempt_at
    await ada.browser.open(f"/jobs/{job.id}/runs/{run_id}")
    await ada.browser.should_see(marker="retry-run")
    ada.browser.find(marker="retry-run").click()

    async def is_hurried() -> bool:
        hurried = (await services.runs.get(ada.user, run_id))[0].next_attempt_at
        return hurried is not None and planned is not None and hurried < planned

    assert await sight_of(is_hurried)
    ada.browser.find(marker="cancel-run").click()
    await ada.browser.should_see(marker="run-status", content="Cancelled", retries=50)
    run, _ = await services.runs.get(ada.user, run_id)
    assert run.status is RunStatus.CANCELLED


async def test_a_job_can_be_run_from_its_log(ada: Person, add_job: AddJob) -> None:
    job = await add_job(ada)
    await ada.browser.open(f"/jobs/{job.id}/runs")
    await ada.browser.should_see("No runs yet")
    ada.browser.find(marker="run-now").click()
    await ada.browser.should_see(marker="run-status", content="Pending", retries=50)


async def test_an_answer_full_of_markup_is_shown_as_text(
    ada: Person, add_job: AddJob, run_now: RunNow
) -> None:
    job = await add_job(ada, name=MARKUP, retry=RetryPolicy(max_retries=0))
    await run_now(ada, job, unavailable(MARKUP))
    page = await ada.http.get(f"/jobs/{job.id}/runs")
    assert "<script>alert(2)" not in page.text
    await ada.browser.open(f"/jobs/{job.id}/runs")
    await ada.browser.should_see(marker="tab-response")
    ada.browser.find(marker="tab-response").click()
    await ada.browser.should_see(content=MARKUP, kind=pre())


async def test_a_log_closes_when_its_job_is_deleted(
    ada: Person, add_job: AddJob, services: Services
) -> None:
    job = await add_job(ada)
    client = await ada.browser.open(f"/jobs/{job.id}/runs")
    await ada.browser.should_see("No runs yet")
    await services.jobs.delete(ada.user, job.id)
    dialogs = [e for e in client.elements.values() if e.tag == "q-dialog"]
    await until(lambda: all(dialog.is_deleted or not dialog.value for dialog in dialogs))  # type: ignore[attr-defined]


def pre() -> type:
    from components.markup import Text

    return Text
