"""What people see of a job's versions, and how one comes back."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from cronpp_app.composition import Services, build_services
from cronpp_app.domain.audit import Via
from cronpp_app.domain.jobs import HttpAction, Job
from cronpp_app.domain.schedules import OnceSchedule
from cronpp_app.domain.secrets import place_of_header
from cronpp_app.domain.versions import JobVersion, Origin
from cronpp_app.errors import Conflict, InvalidInput, NotFound, StaleVersion
from cronpp_app.services.acting import act
from cronpp_app.services.versions import VersionQuery
from cronpp_app.settings import Settings
from cronpp_app.store.database import Database
from cronpp_app.store.keys import Keys
from cronpp_app.store.versions import MOST_EARLIER
from tests.factories import HOOK, NOON, job_definition, make_user

ADA, BOB = make_user(), make_user(id="bob", email="bob@example.org")
TYPED = "Bearer 1234567890"


@pytest.fixture
async def services(database: Database, keys: Keys, tmp_path: Path) -> AsyncIterator[Services]:
    built = build_services(Settings(data_dir=tmp_path), database, keys)
    yield built
    await built.aclose()


@pytest.fixture
async def job(services: Services) -> Job:
    return await services.jobs.create(ADA, job_definition(name="Version 1"))


async def rename(services: Services, job: Job, *names: str) -> Job:
    for name in names:
        job = await services.jobs.edit(ADA, job.id, replace(job.definition, name=name))
    return job


async def versions_of(services: Services, job: Job, **query: object) -> list[JobVersion]:
    page = await services.versions.search(ADA, job.id, VersionQuery(**query))  # type: ignore[arg-type]
    assert page.total_is_exact
    return list(page.items)


async def test_a_new_job_has_one_version_that_was_created_with_it(
    services: Services, job: Job
) -> None:
    (only,) = await versions_of(services, job)
    assert (only.version, only.is_present, only.before) == (1, True, None)
    assert only.change is not None
    assert (only.change.origin, only.change.at) == (Origin.CREATED, job.created_at)


async def test_each_edit_tells_when_by_which_way_and_what(services: Services, job: Job) -> None:
    act(via=Via.TOKEN, token="CI", address="198.51.100.7")
    edited = await rename(services, job, "Version 2")
    present, first = await versions_of(services, job)
    assert (present.version, present.is_present, first.is_present) == (2, True, False)
    assert (present.definition, first.definition) == (edited.definition, job.definition)
    assert present.before == job.definition
    change = present.change
    assert change is not None
    assert (change.at, change.via, change.token) == (edited.updated_at, Via.TOKEN, "CI")
    assert [(one.field, one.before, one.after) for one in change.fields] == [
        ("name", "Version 1", "Version 2")
    ]


async def test_pausing_and_resuming_make_no_versions(services: Services, job: Job) -> None:
    await services.jobs.pause(ADA, job.id)
    await services.jobs.resume(ADA, job.id)
    assert [one.version for one in await versions_of(services, job)] == [1]


async def test_pages_follow_each_other_although_somebody_edits_in_between(
    services: Services, job: Job
) -> None:
    job = await rename(services, job, *(f"Version {number}" for number in range(2, 8)))
    seen, cursor = [], None
    while True:
        page = await services.versions.search(ADA, job.id, VersionQuery(limit=2, cursor=cursor))
        seen += [(one.version, one.definition.name) for one in page.items]
        assert all(one.change is not None for one in page.items)
        assert all(one.before is not None for one in page.items if one.version > 1)
        if (cursor := page.next_cursor) is None:
            break
        await rename(services, job, "Meanwhile")
    assert seen == [(number, f"Version {number}") for number in range(7, 0, -1)]


async def test_a_cursor_of_another_list_is_refused(services: Services, job: Job) -> None:
    await rename(services, job, "Version 2")
    page = await services.versions.search(ADA, job.id, VersionQuery(limit=1))
    other = await services.jobs.create(ADA, job_definition())
    with pytest.raises(InvalidInput, match="cursor"):
        await services.versions.search(ADA, other.id, VersionQuery(cursor=page.next_cursor))


async def test_the_oldest_of_very_many_still_tells_what_it_changed(
    services: Services, job: Job, database: Database
) -> None:
    await rename(services, job, "Version 2", "Version 3")
    await database.jobs.update_one({"_id": job.id}, {"$inc": {"version": MOST_EARLIER}})
    for version in (1, 2):
        await database.raw["job_versions"].update_one(
            {"version": version}, {"$inc": {"version": MOST_EARLIER}}
        )
    page = await services.versions.search(ADA, job.id, VersionQuery())
    assert [one.version for one in page.items] == [MOST_EARLIER + n for n in (3, 2, 1)]
    oldest = page.items[-1]
    assert (oldest.change, oldest.before) == (None, None), "made before versions were kept"
    assert (page.total, page.next_cursor) == (3, None)


async def test_a_version_comes_back_as_a_new_one(services: Services, job: Job) -> None:
    await rename(services, job, "Version 2", "Version 3")
    restored = await services.versions.restore(ADA, job.id, 1)
    assert (restored.version, restored.definition) == (4, job.definition)
    latest = (await versions_of(services, job))[0]
    assert latest.change is not None
    assert (latest.change.origin, latest.change.restored_from) == (Origin.RESTORED, 1)


async def test_what_it_is_already_makes_no_new_version(services: Services, job: Job) -> None:
    await rename(services, job, "Version 2", "Version 1")
    for version in (1, 3):
        assert (await services.versions.restore(ADA, job.id, version)).version == 3


async def test_a_secret_header_comes_back_with_its_value(services: Services, keys: Keys) -> None:
    action = HttpAction(method="GET", url=HOOK, headers={"Authorization": TYPED})
    job = await services.jobs.create(ADA, job_definition(action=action))
    other = replace(action, headers={"Authorization": "Bearer other-token"})
    await services.jobs.edit(ADA, job.id, job_definition(action=other))
    restored = await services.versions.restore(ADA, job.id, 1)
    sealed = restored.definition.action
    assert isinstance(sealed, HttpAction)
    assert TYPED not in str(sealed)
    place = place_of_header(job.id, "Authorization")
    assert await keys.unseal(sealed.sealed["Authorization"], place=place) == TYPED


async def test_a_stale_version_a_foreign_job_and_an_unknown_version_are_refused(
    services: Services, job: Job
) -> None:
    await rename(services, job, "Version 2", "Version 3")
    with pytest.raises(StaleVersion):
        await services.versions.restore(ADA, job.id, 1, if_version=2)
    with pytest.raises(NotFound):
        await services.versions.restore(BOB, job.id, 1)
    with pytest.raises(NotFound):
        await services.versions.search(BOB, job.id, VersionQuery())
    with pytest.raises(NotFound, match="Version 9"):
        await services.versions.restore(ADA, job.id, 9)
    assert (await services.jobs.get(ADA, job.id)).version == 3


async def test_a_schedule_that_has_ended_meanwhile_is_not_restored(
    services: Services, database: Database
) -> None:
    past = OnceSchedule(run_at=NOON.replace(year=2020), timezone="UTC")
    job = await services.jobs.create(ADA, job_definition(schedule=past))
    await services.jobs.edit(ADA, job.id, job_definition())
    with pytest.raises(Conflict, match="schedule of version 1 has ended"):
        await services.versions.restore(ADA, job.id, 1)


async def test_a_reference_to_a_deleted_secret_is_refused_by_name(
    services: Services, database: Database
) -> None:
    job = await services.jobs.create(ADA, job_definition())
    await services.jobs.edit(ADA, job.id, job_definition(name="New"))
    await database.raw["job_versions"].update_one(
        {"job_id": job.id}, {"$set": {"action.url": "https://a.org/{{secret.GONE}}"}}
    )
    with pytest.raises(InvalidInput, match="GONE"):
        await services.versions.restore(ADA, job.id, 1)


async def test_a_deleted_job_comes_back_with_its_versions(
    services: Services, job: Job, database: Database
) -> None:
    await rename(services, job, "Version 2")
    await services.deletions.delete(ADA, job.id)
    await services.deletions.restore(ADA, job.id)
    told = await versions_of(services, job)
    assert [(one.version, one.change and one.change.origin) for one in told] == [
        (3, Origin.BROUGHT_BACK),
        (2, Origin.EDITED),
        (1, Origin.CREATED),
    ]
    assert await database.raw["job_versions"].count_documents({"forget_at": {"$exists": True}}) == 0
