"""Changing the key while everything runs."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cronpp_app.composition import open_keys
from cronpp_app.domain.jobs import HttpAction
from cronpp_app.domain.secrets import place_of_header
from cronpp_app.domain.versions import Change, Origin
from cronpp_app.errors import SetupError
from cronpp_app.rotate_key import change, finish
from cronpp_app.services.job_secrets import JobSecrets
from cronpp_app.settings import Settings
from cronpp_app.store.database import Database
from cronpp_app.store.documents import job_document
from cronpp_app.store.job_documents import job_from
from cronpp_app.store.jobs import JobStore
from cronpp_app.store.keys import Keys
from cronpp_app.store.run_documents import run_document, run_from
from cronpp_app.store.secrets import SecretStore
from cronpp_app.store.signing import SigningStore
from cronpp_app.store.versions import VersionStore
from tests.factories import NOON, make_job, make_run

OLD, NEW = "the old secret key", "the new secret key"
TYPED = "Bearer 1234567890"


def settings(tmp_path: Path, **values: Any) -> Settings:
    return Settings(data_dir=tmp_path, **values)


async def fill(database: Database, keys: Keys) -> str:
    """Store a secret of every kind; return the signing secret."""
    secrets = SecretStore(database, keys)
    action = HttpAction(method="GET", url="https://a.org/", headers={"Authorization": TYPED})
    job = make_job(action=action)
    sealed = await JobSecrets(secrets, keys).sealed(job.definition, job_id=job.id)
    job = make_job(definition=sealed)
    await database.jobs.insert_one(job_document(job))
    await database.runs.insert_one(run_document(make_run(job)))
    renamed, edit = replace(sealed, name="Renamed"), Change(at=NOON, origin=Origin.EDITED)
    await JobStore(database).edit(job, renamed, next_run_time=None, change=edit)
    await secrets.add("ada", "KEY", "value", shown="••••", now=NOON)
    signing = SigningStore(database, keys)
    await signing.replace("ada", now=NOON, old_until=NOON.replace(year=2030), most=4)
    return (await signing.of(["ada"], now=NOON))["ada"][0].secret


async def opened(database: Database, keys: Keys) -> list[str]:
    """Return every secret, as a process with `keys` reads it."""
    job, run = await database.jobs.find_one({}), await database.runs.find_one({})
    assert job is not None
    assert run is not None
    (version,) = await VersionStore(database).page("user-1", "job-1", below=2, since=1, limit=9)
    definitions = [job_from(job).definition, version.definition]
    actions: list[Any] = [*(one.action for one in definitions), run_from(run).action]
    place = place_of_header("job-1", "Authorization")
    headers = [await keys.unseal(a.sealed["Authorization"], place=place) for a in actions]
    values = await SecretStore(database, keys).values([("ada", "KEY")])
    signing = (await SigningStore(database, keys).of(["ada"], now=NOON))["ada"]
    return [*headers, values["ada", "KEY"], signing[0].secret]


async def test_running_processes_old_and_new_open_everything_during_and_after_a_change(
    database: Database, tmp_path: Path
) -> None:
    running = await open_keys(settings(tmp_path, secret_key=OLD), database)
    signing = await fill(database, running)
    all_of_them = [TYPED, TYPED, TYPED, "value", signing]
    both = settings(tmp_path, secret_key=OLD, new_secret_key=NEW)
    told = await change(both, database, wait_seconds=0)
    assert "5 documents are sealed with the new key" in told
    assert await opened(database, running) == all_of_them
    for key in (OLD, NEW):  # restarted in the middle of it
        started = await open_keys(settings(tmp_path, secret_key=key), database)
        assert await opened(database, started) == all_of_them
    assert "nothing any more" in await finish(settings(tmp_path, secret_key=NEW), database)
    fresh = await open_keys(settings(tmp_path, secret_key=NEW), database)
    assert await opened(database, fresh) == all_of_them
    assert await opened(database, running) == all_of_them
    with pytest.raises(SetupError, match="CRONPP_SECRET_KEY is not the key"):
        await open_keys(settings(tmp_path, secret_key=OLD), database)


async def test_a_change_that_was_interrupted_is_resumed(database: Database, tmp_path: Path) -> None:
    running = await open_keys(settings(tmp_path, secret_key=OLD), database)
    signing = await fill(database, running)
    both = settings(tmp_path, secret_key=OLD, new_secret_key=NEW)
    await change(both, database, wait_seconds=0)
    late = await SecretStore(database, Keys(*_stale(database))).add(
        "ada", "LATE", "late value", shown="", now=NOON
    )
    assert late
    with pytest.raises(SetupError, match="secrets are still sealed with another key"):
        await finish(settings(tmp_path, secret_key=NEW), database)
    assert "1 documents" in await change(both, database, wait_seconds=0)
    await finish(settings(tmp_path, secret_key=NEW), database)
    fresh = await open_keys(settings(tmp_path, secret_key=NEW), database)
    assert (await opened(database, fresh))[-1] == signing
    assert await SecretStore(database, fresh).values([("ada", "LATE")])


def _stale(database: Database) -> tuple[Any, Any]:
    """Return the parts of a process that has not noticed the change yet."""
    from cronpp_app.sealing import KeyRing

    class Unaware:
        async def establish(self, key_id: str) -> dict[str, Any]:
            return {"key_id": key_id, "wraps": []}

    return Unaware(), KeyRing(OLD)


async def test_a_generated_key_is_changed_in_its_file(database: Database, tmp_path: Path) -> None:
    running = await open_keys(settings(tmp_path), database)
    await fill(database, running)
    before = (tmp_path / "secret.key").read_text()
    await change(settings(tmp_path), database, wait_seconds=0)
    assert (tmp_path / "secret.key").read_text() != before
    assert os.stat(tmp_path / "secret.key").st_mode & 0o777 == 0o600
    fresh = await open_keys(settings(tmp_path), database)
    assert (await opened(database, fresh))[0] == TYPED


async def test_a_key_that_is_not_the_databases_changes_nothing(
    database: Database, tmp_path: Path
) -> None:
    await fill(database, await open_keys(settings(tmp_path, secret_key=OLD), database))
    wrong = settings(tmp_path, secret_key="a key of somebody else", new_secret_key=NEW)
    with pytest.raises(SetupError, match="neither the present one"):
        await change(wrong, database, wait_seconds=0)
    same = settings(tmp_path, secret_key=OLD, new_secret_key=OLD)
    with pytest.raises(SetupError, match="is the present key"):
        await change(same, database, wait_seconds=0)
