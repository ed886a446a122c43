"""Versions of a job, as other programs see and restore them."""

from typing import Any

from httpx import AsyncClient

from cronpp_app.api.job_schemas import JobAnswer
from cronpp_app.api.schemas import PageAnswer
from cronpp_app.api.version_schemas import VersionAnswer
from tests.api.created_jobs import create_job
from tests.factories import HOOK

KEY = "Bearer abcdefgh-1234"


async def _edited(ada: AsyncClient, *changes: dict[str, Any], **first: Any) -> str:
    path = f"/api/jobs/{(await create_job(ada, **first))['id']}"
    for change in changes:
        assert (await ada.patch(path, json=change)).status_code == 200
    return path


async def _items(ada: AsyncClient, path: str) -> list[dict[str, Any]]:
    answer = await ada.get(f"{path}/versions")
    assert answer.status_code == 200, answer.text
    PageAnswer[VersionAnswer].model_validate_json(answer.text)
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_versions_are_listed_with_what_they_changed(ada: AsyncClient) -> None:
    path = await _edited(ada, {"name": "B"}, {"action": {"url": f"{HOOK}/2"}}, name="A")
    third, second, first = await _items(ada, path)
    assert [one["version"] for one in (third, second, first)] == [3, 2, 1]
    assert [one["present"] for one in (third, second, first)] == [True, False, False]
    assert third["changes"] == [{"field": "action.url", "before": None, "after": None}]
    assert second["changes"] == [{"field": "name", "before": "A", "after": "B"}]
    assert (first["origin"], first["changes"]) == ("created", [])
    job = (await ada.get(path)).json()
    assert third["definition"] == {name: job[name] for name in third["definition"]}
    assert (first["definition"]["name"], first["definition"]["action"]["url"]) == ("A", HOOK)
    assert (second["origin"], second["via"]) == ("edited", "api")


async def test_pages_of_versions_lead_on_by_a_cursor(ada: AsyncClient) -> None:
    path = await _edited(ada, *({"name": f"V{number}"} for number in range(2, 5)), name="V1")
    first = (await ada.get(f"{path}/versions", params={"limit": 3})).json()
    assert (first["total"], [one["version"] for one in first["items"]]) == (4, [4, 3, 2])
    rest = await ada.get(f"{path}/versions", params={"cursor": first["next_cursor"]})
    assert [one["version"] for one in rest.json()["items"]] == [1]
    assert rest.json()["next_cursor"] is None
    for wrong in ({"cursor": "x"}, {"limit": 0}):
        assert (await ada.get(f"{path}/versions", params=wrong)).status_code == 422


async def test_a_restored_version_is_a_new_one_and_keeps_its_secrets(ada: AsyncClient) -> None:
    action = {"kind": "http", "method": "GET", "url": HOOK, "headers": {"Authorization": KEY}}
    other = {"action": {"headers": {"Authorization": "Bearer another-5678"}}}
    path = await _edited(ada, other, action=action)
    before = (await ada.get(path)).json()["action"]["headers"]
    assert KEY not in str(await _items(ada, path))
    answer = await ada.post(f"{path}/versions/1/restore")
    assert answer.status_code == 200
    JobAnswer.model_validate_json(answer.text)
    assert (answer.json()["version"], answer.headers["ETag"]) == (3, '"3"')
    after = answer.json()["action"]["headers"]
    assert after != before
    assert after["Authorization"].endswith("1234")
    latest = (await _items(ada, path))[0]
    assert (latest["origin"], latest["restored_from"]) == ("restored", 1)


async def test_restoring_can_be_bound_to_the_present_version(ada: AsyncClient) -> None:
    path = await _edited(ada, {"name": "B"}, name="A")
    stale = await ada.post(f"{path}/versions/1/restore", headers={"If-Match": '"1"'})
    assert (stale.status_code, (await ada.get(path)).json()["name"]) == (412, "B")
    fresh = await ada.post(f"{path}/versions/1/restore", headers={"If-Match": '"2"'})
    assert (fresh.status_code, fresh.json()["name"]) == (200, "A")


async def test_what_is_not_there_is_not_found_and_no_number_is_refused(ada: AsyncClient) -> None:
    path = await _edited(ada)
    assert (await ada.post(f"{path}/versions/7/restore")).status_code == 404
    for wrong in ("0", "-1", "x", "99999999999999999999"):
        answer = await ada.post(f"{path}/versions/{wrong}/restore")
        assert answer.status_code == 422, wrong
        assert answer.json()["errors"][0]["field"] == "version"


async def test_a_restored_version_is_told_in_the_audit_log(ada: AsyncClient) -> None:
    path = await _edited(ada, {"name": "B"}, name="A")
    await ada.post(f"{path}/versions/1/restore")
    entry = (await ada.get("/api/audit")).json()["items"][0]
    assert (entry["action"], entry["changes"]) == (
        "job.edited",
        [{"field": "name", "before": "B", "after": "A"}],
    )
