"""Export and import under settings: a file is looked through before anything is made."""

from typing import Any

from cronpp_app.composition import Services
from tests.pages.conftest import Person
from tests.pages.editor_fields import jobs_of, tell

FOUND = {
    "created": 7,
    "jobs": [
        {"name": f"Job {n}", "enabled": True, "next_run_time": "2030-01-01T00:00:00.000Z"}
        for n in range(1, 8)
    ],
}


async def choose(person: Person, outcome: dict[str, Any]) -> None:
    """Choose a file, and tell the page what the API found in it."""
    await person.browser.open("/settings")
    tell(person.browser, "cx_import_chosen", "cronpp-jobs.json")
    await person.browser.should_see("Checking cronpp-jobs.json …")
    tell(person.browser, "cx_import_checked", outcome)


async def test_what_is_in_a_file_is_shown_before_it_is_imported(ada: Person) -> None:
    await choose(ada, FOUND)
    await ada.browser.should_see("Job 5")
    await ada.browser.should_not_see("Job 6")
    await ada.browser.should_see("and 2 more")
    ada.browser.find("Import 7 jobs").click()
    tell(ada.browser, "cx_imported", FOUND)
    await ada.browser.should_see("7 jobs imported.")
    await ada.browser.should_not_see("Job 5")


async def test_what_is_wrong_with_a_file_is_told_by_job_and_field(ada: Person) -> None:
    errors = [{"field": "jobs[3].schedule.cron", "message": 'minute "61": it is out of range.'}]
    await choose(ada, {"errors": errors})
    await ada.browser.should_see("Nothing was imported.")
    await ada.browser.should_see('Job 4, schedule.cron: minute "61": it is out of range.')
    await ada.browser.should_not_see(marker="import")


async def test_a_file_that_cannot_be_read_at_all_is_told_as_the_file(ada: Person) -> None:
    errors = [{"field": "request", "message": "Is not valid JSON."}]
    await choose(ada, {"errors": errors * 6})
    await ada.browser.should_see("The file: Is not valid JSON.")
    await ada.browser.should_see("and 1 more problem")


async def test_a_page_may_import_by_the_api_and_no_other_page_may(
    ada: Person, services: Services
) -> None:
    await ada.browser.open("/settings")
    (field,) = ada.browser.find(marker="import-file").elements
    file = (await ada.http.get("/api/export")).json()
    file["jobs"] = [
        {
            "name": "Back again",
            "schedule": {"kind": "cron", "cron": "@daily"},
            "action": {"kind": "log", "message": "hello"},
        }
    ]
    refused = await ada.http.post("/api/import", json=file)
    assert refused.status_code == 403
    token = {"X-CSRF-Token": str(field.props["data-cx-import"])}
    assert (await ada.http.post("/api/import", json=file, headers=token)).status_code == 201
    assert [job.definition.name for job in await jobs_of(services, ada.user)] == ["Back again"]
