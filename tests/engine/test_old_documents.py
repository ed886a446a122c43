"""What earlier versions left is read, shown and worked on, after their indexes were replaced."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bson import json_util

from cronpp_app.domain.runs import RunStatus
from cronpp_app.services.accounts import User
from cronpp_app.store.attempts import log_id
from cronpp_app.store.database import Database
from cronpp_app.store.job_documents import job_from
from cronpp_app.store.migrations import bring_up_to_date
from cronpp_app.store.run_documents import attempt_from, run_from
from tests.engine.conftest import Bench
from tests.factories import NOON

DATA = Path(__file__).resolve().parents[1] / "data"
# The first that looked ahead, with narrow indexes; the first whose documents had schema 2.
COMMITS = ("12a8c2c", "ff2add3")
AWARE = json_util.JSONOptions(tz_aware=True, tzinfo=UTC)
ADA = User(id="ada", email="ada@example.org", role="user", timezone="UTC", created_at=NOON)
FAR = datetime(2999, 1, 1, tzinfo=UTC)
Old = Mapping[str, Any]


@pytest.fixture(params=COMMITS)
async def old(request: pytest.FixtureRequest, bench: Bench) -> Old:
    """A database as that version's worker left it when it was killed, brought up to date."""
    text = (DATA / f"documents_of_{request.param}.json").read_text()
    content: Old = json_util.loads(text, json_options=AWARE)
    database = bench.database
    for name, indexes in content["indexes"].items():
        await database.raw[name].drop_indexes()
        for index, made in indexes.items():
            options = {key: value for key, value in made.items() if key != "key"}
            await database.raw[name].create_index([*map(tuple, made["key"])], name=index, **options)
    for name in ("jobs", "runs", "execution_logs"):
        kept = [d | ({"expire_at": FAR} if "expire_at" in d else {}) for d in content[name]]
        await database.raw[name].insert_many(kept)
    await bring_up_to_date(database)
    return content


async def documents(database: Database, name: str) -> list[Mapping[str, Any]]:
    return [document async for document in database.raw[name].find().sort({"_id": 1})]


async def test_every_document_is_read_without_damage(bench: Bench, old: Old) -> None:
    jobs = [job_from(document) for document in await documents(bench.database, "jobs")]
    assert {job.id for job in jobs} == {
        "failing-call", "good-call", "log-line", "paused", "slow-call"
    }  # fmt: skip
    runs = [run_from(document) for document in await documents(bench.database, "runs")]
    assert {run.status for run in runs} == {
        RunStatus.SUCCESS, RunStatus.RETRYING, RunStatus.RUNNING
    }  # fmt: skip
    attempts = [attempt_from(d) for d in await documents(bench.database, "execution_logs")]
    assert {log_id(attempt.run_id, attempt.number) for attempt in attempts} == {
        document["_id"] for document in old["execution_logs"]
    }


async def test_people_see_what_was(bench: Bench, old: Old) -> None:
    for document in old["jobs"]:
        job = await bench.services.jobs.get(ADA, document["_id"])
        assert job.definition.name == document["name"]
        assert job.damaged_parts == ()
    for document in old["runs"]:
        run, attempts = await bench.services.runs.get(ADA, document["_id"])
        assert (run.status, len(attempts)) == (document["status"], 1)


async def test_a_worker_goes_on_where_the_old_one_was_killed(bench: Bench, old: Old) -> None:
    left = {d["job_id"]: d["_id"] for d in old["runs"] if d["status"] in ("RUNNING", "RETRYING")}
    assert left.keys() == {"failing-call", "slow-call"}
    await bench.database.jobs.update_many({}, {"$unset": {"next_run_time": ""}})
    worker = await bench.worker()
    for _ in range(3):
        await bench.database.runs.update_many(
            {"_id": {"$in": [*left.values()]}, "wake_at": {"$type": "date"}},
            {"$set": {"wake_at": datetime(2020, 1, 1, tzinfo=UTC)}},
        )
        await bench.work_once(worker)
    for run_id in left.values():
        found = await bench.database.runs.find_one({"_id": run_id})
        assert found is not None
        assert found["status"] == "SUCCESS"
    sent = [call["X-Cronpp-Run-Id"] for call in bench.target.calls]
    assert sorted(sent) == sorted(left.values())
