"""A deleted job is gone at once, and can be brought back for a minute."""

from datetime import datetime, timedelta

import pytest

from cronpp_app.domain.jobs import JobStatus
from cronpp_app.domain.schedules import CronSchedule, OnceSchedule
from cronpp_app.errors import NotFound
from cronpp_app.services.deletions import Deletions
from cronpp_app.services.job_secrets import JobSecrets
from cronpp_app.services.jobs import JobQuery, Jobs
from cronpp_app.store.database import Database
from cronpp_app.store.deleted_jobs import DeletedJobStore
from cronpp_app.store.jobs import JobStore
from cronpp_app.store.keys import Keys
from cronpp_app.store.runs import RunStore
from cronpp_app.store.secrets import SecretStore
from tests.factories import NOON, job_definition, make_audit, make_user

ADA, BOB = make_user(), make_user(id="bob", email="bob@example.org")


class Clock:
    now = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, span: timedelta) -> None:
        self.now += span


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def jobs(database: Database, keys: Keys, clock: Clock) -> Jobs:
    async def ring() -> None:
        pass

    runs = RunStore(database, retention=timedelta(days=30))
    secrets = JobSecrets(SecretStore(database, keys), keys)
    return Jobs(
        JobStore(database),
        runs,
        ring=ring,
        secrets=secrets,
        audit=make_audit(database),
        clock=clock,
    )


@pytest.fixture
def deletions(database: Database, jobs: Jobs, clock: Clock) -> Deletions:
    return Deletions(DeletedJobStore(database), jobs, audit=make_audit(database), clock=clock)


async def test_a_deleted_job_is_gone_at_once(jobs: Jobs, deletions: Deletions) -> None:
    job = await jobs.create(ADA, job_definition())
    await deletions.delete(ADA, job.id)
    with pytest.raises(NotFound):
        await jobs.get(ADA, job.id)
    assert (await jobs.search(ADA, JobQuery())).items == ()


async def test_it_comes_back_on_its_timetable_without_catching_up(
    jobs: Jobs, deletions: Deletions, clock: Clock
) -> None:
    definition = job_definition(schedule=CronSchedule(cron="* * * * * *"))
    job = await jobs.create(ADA, definition)
    await deletions.delete(ADA, job.id)
    clock.pass_by(timedelta(seconds=30))
    back = await deletions.restore(ADA, job.id)
    assert (back.id, back.definition, back.enabled) == (job.id, definition, True)
    assert back.status is JobStatus.PENDING
    assert back.next_run_time is not None
    assert back.next_run_time > clock.now
    assert back.version > job.version


async def test_a_paused_job_comes_back_paused(jobs: Jobs, deletions: Deletions) -> None:
    job = await jobs.create(ADA, job_definition(), enabled=False)
    await deletions.delete(ADA, job.id)
    back = await deletions.restore(ADA, job.id)
    assert (back.enabled, back.next_run_time) == (False, None)


async def test_a_one_off_whose_time_has_passed_comes_back_paused(
    jobs: Jobs, deletions: Deletions, clock: Clock
) -> None:
    schedule = OnceSchedule(run_at=NOON + timedelta(seconds=5), timezone="UTC")
    job = await jobs.create(ADA, job_definition(schedule=schedule))
    await deletions.delete(ADA, job.id)
    clock.pass_by(timedelta(seconds=10))
    assert (await deletions.restore(ADA, job.id)).status is JobStatus.PAUSED


async def test_nobody_brings_back_the_job_of_another(jobs: Jobs, deletions: Deletions) -> None:
    job = await jobs.create(ADA, job_definition())
    with pytest.raises(NotFound):
        await deletions.delete(BOB, job.id)
    await deletions.delete(ADA, job.id)
    with pytest.raises(NotFound):
        await deletions.restore(BOB, job.id)
    assert (await deletions.restore(ADA, job.id)).id == job.id


async def test_it_is_brought_back_once_and_for_a_minute_only(
    jobs: Jobs, deletions: Deletions, clock: Clock
) -> None:
    job = await jobs.create(ADA, job_definition())
    await deletions.delete(ADA, job.id)
    await deletions.restore(ADA, job.id)
    with pytest.raises(NotFound):
        await deletions.restore(ADA, job.id)
    await deletions.delete(ADA, job.id)
    clock.pass_by(timedelta(minutes=2))
    with pytest.raises(NotFound, match="no longer"):
        await deletions.restore(ADA, job.id)
