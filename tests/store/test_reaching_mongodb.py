"""A database that is not there, or not named properly: said in a sentence, not by a traceback."""

import pytest
from pymongo import AsyncMongoClient

from cronpp_app.errors import SetupError
from cronpp_app.store.database import Database, connect
from cronpp_app.store.migrations import bring_up_to_date, check_version


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("mongodb://", "at least one hostname"),
        ("mongodb://a:99999/", "Port must be an integer"),
        ("mongodb://[::1", "IPv6 address literal"),
        ("mongodb://ada:pass@word@localhost/", "must be escaped"),
    ],
)
async def test_a_text_that_is_no_uri_is_refused_by_the_name_of_its_setting(
    uri: str, said: str
) -> None:
    with pytest.raises(SetupError, match=f"CRONPP_MONGODB_URI is not a URI of MongoDB: .*{said}"):
        connect(uri, "cronpp")


async def test_a_server_that_does_not_answer_is_named_with_the_remedy(free_port: int) -> None:
    client: AsyncMongoClient = AsyncMongoClient(  # type: ignore[type-arg]
        f"mongodb://127.0.0.1:{free_port}", serverSelectionTimeoutMS=100
    )
    for start in (bring_up_to_date, check_version):
        with pytest.raises(SetupError, match="CRONPP_MONGODB_URI") as error:
            await start(Database(client, "gone"))
        assert f"127.0.0.1:{free_port}" in str(error.value)
        assert "Topology" not in str(error.value)
    await client.close()
