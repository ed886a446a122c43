"""Pages that are fetched and never opened, as by monitors and crawlers, leave nothing behind."""

import asyncio

import pytest
from nicegui import Client

from tests.pages.conftest import Person
from tests.pages.waiting import until


def listening() -> set[str]:
    """Return the names of the tasks that keep pages up to date."""
    return {task.get_name() for task in asyncio.all_tasks()} & {"live page", "catch up a page"}


@pytest.mark.parametrize("path", ["/", "/jobs", "/activity", "/timeline", "/jobs/new"])
async def test_a_page_that_nobody_opened_is_not_kept_up_to_date(path: str, ada: Person) -> None:
    answer = await ada.http.get(path)
    assert answer.status_code == 200
    Client.prune_instances(client_age_threshold=0)
    await until(lambda: not Client.instances)
    for _ in range(20):  # what waited for somebody to come goes on now
        await asyncio.sleep(0)
    assert listening() == set()
