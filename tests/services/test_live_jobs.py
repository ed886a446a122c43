"""Changed jobs are read once for all pages, and again after each change that was heard of."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from cronpp_app.services.job_secrets import JobSecrets
from cronpp_app.services.jobs import Jobs
from cronpp_app.services.live import Changes
from cronpp_app.services.live_jobs import LiveJobs
from cronpp_app.store.database import Database
from cronpp_app.store.jobs import JobStore
from cronpp_app.store.keys import Keys
from cronpp_app.store.runs import RunStore
from cronpp_app.store.secrets import SecretStore
from tests.factories import job_definition, make_audit, make_user

ADA, BOB = make_user(), make_user(id="bob", email="bob@example.org")


@pytest.fixture
def jobs(database: Database, keys: Keys) -> Jobs:
    async def ring() -> None:
        pass

    runs = RunStore(database, retention=timedelta(days=30))
    secrets = JobSecrets(SecretStore(database, keys), keys)
    return Jobs(JobStore(database), runs, ring=ring, secrets=secrets, audit=make_audit(database))


async def test_a_page_that_is_told_of_a_change_sees_it_however_often_it_was_read_before(
    database: Database, jobs: Jobs
) -> None:
    changes = Changes(database)
    live = LiveJobs(JobStore(database), changes)
    job = await jobs.create(ADA, job_definition(name="Before"))
    subscription = changes.subscribe(ADA.id)
    batches = aiter(subscription)
    try:
        for number in range(5):
            name = f"Change {number}"
            (known,) = await live.get(ADA, [job.id])
            await jobs.edit(ADA, job.id, replace(known.definition, name=name))
            async with asyncio.timeout(20):
                while name not in [one.definition.name for one in await live.get(ADA, [job.id])]:
                    # Until the stream is open a change may go unheard, as pages expect.
                    await jobs.edit(ADA, job.id, replace(known.definition, name=name))
                    assert job.id in await anext(batches)
    finally:
        await changes.aclose()


async def test_what_nobody_changed_is_read_once(database: Database, jobs: Jobs) -> None:
    live = LiveJobs(JobStore(database), Changes(database))
    job = await jobs.create(ADA, job_definition())
    (first,) = await live.get(ADA, [job.id])
    (again,) = await live.get(ADA, [job.id])
    assert again is first


async def test_nobody_gets_the_jobs_of_another(database: Database, jobs: Jobs) -> None:
    live = LiveJobs(JobStore(database), Changes(database))
    job = await jobs.create(ADA, job_definition())
    await live.get(ADA, [job.id])
    assert await live.get(BOB, [job.id, "unknown"]) == []
