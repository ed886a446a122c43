"""The installation's key beside its database: one for all processes, told apart at start."""

from pathlib import Path

import pytest

from cronpp_app.composition import open_keys
from cronpp_app.errors import SetupError
from cronpp_app.sealing import KeyRing
from cronpp_app.settings import Settings
from cronpp_app.store.database import Database
from cronpp_app.store.keys import Keys, KeyStore

KEY, OTHER = "the key of this installation", "the key of another one"


def settings(tmp_path: Path, **values: str) -> Settings:
    return Settings(data_dir=tmp_path, **values)  # type: ignore[arg-type]


async def test_the_first_process_decides_which_key_a_database_has(
    database: Database, tmp_path: Path
) -> None:
    first = await open_keys(settings(tmp_path), database)
    sealed = await first.seal("Bearer 123456", place="here")
    second = await open_keys(settings(tmp_path), database)
    assert await second.unseal(sealed, place="here") == "Bearer 123456"


async def test_a_process_with_another_key_refuses_to_start(
    database: Database, tmp_path: Path
) -> None:
    await open_keys(settings(tmp_path, secret_key=KEY), database)
    with pytest.raises(SetupError, match=r"CRONPP_SECRET_KEY is not the key this database"):
        await open_keys(settings(tmp_path, secret_key=OTHER), database)


async def test_a_machine_without_the_key_is_told_where_to_get_it_and_makes_none(
    database: Database, tmp_path: Path
) -> None:
    await open_keys(settings(tmp_path, secret_key=KEY), database)
    with pytest.raises(SetupError, match=r"CRONPP_SECRET_KEY is not set, and there is no .*copy"):
        await open_keys(settings(tmp_path / "elsewhere"), database)
    assert not (tmp_path / "elsewhere").exists()


async def test_the_database_holds_neither_key_nor_secret(database: Database) -> None:
    keys = Keys(KeyStore(database), KeyRing(KEY))
    await keys.check()
    assert KEY not in str([document async for document in database.raw["installation"].find()])
