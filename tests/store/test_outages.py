"""A failure is told in one line if it was foreseen, with its trace if not."""

import logging
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import ExecutionTimeout, NetworkTimeout, PyMongoError, WTimeoutError

from cronpp_app.errors import SetupError, StoreUnavailable
from cronpp_app.store.database import translated_errors
from cronpp_app.store.outages import log_failure

log = logging.getLogger("cronpp.test")


def logged(error: Exception, caplog: pytest.LogCaptureFixture) -> logging.LogRecord:
    log_failure(log, "step failed", error, duty="fire")
    record = caplog.records[-1]
    assert (record.levelname, record.getMessage(), record.duty) == ("ERROR", "step failed", "fire")  # type: ignore[attr-defined]
    return record


def test_a_database_that_is_away_is_told_in_a_line(
    free_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    away = MongoClient[dict[str, Any]]("127.0.0.1", free_port, serverSelectionTimeoutMS=50)
    with pytest.raises(PyMongoError) as error:
        away.admin.command("ping")
    record = logged(error.value, caplog)
    assert record.exc_info is None
    assert record.reason.startswith(f"127.0.0.1:{free_port}: ")  # type: ignore[attr-defined]
    assert "Topology" not in record.reason  # type: ignore[attr-defined]


def test_what_has_a_remedy_is_told_in_its_own_words(caplog: pytest.LogCaptureFixture) -> None:
    record = logged(SetupError("The disk is full. Free some space."), caplog)
    assert record.exc_info is None
    assert record.reason == "The disk is full. Free some space."  # type: ignore[attr-defined]


@pytest.mark.parametrize("error", [KeyError("job"), PyMongoError("a bug of ours")])
def test_what_was_not_foreseen_has_its_trace(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    record = logged(error, caplog)
    assert record.exc_info is not None
    assert record.exc_info[1] is error


@pytest.mark.parametrize("kind", [ExecutionTimeout, NetworkTimeout, WTimeoutError])
async def test_whoever_asks_a_database_that_is_away_hears_so(kind: type[PyMongoError]) -> None:
    with pytest.raises(StoreUnavailable):
        async with translated_errors():
            raise kind("operation exceeded time limit")


async def test_a_bug_of_ours_is_not_told_as_a_database_that_is_away() -> None:
    with pytest.raises(PyMongoError):
        async with translated_errors():
            raise PyMongoError("a bug of ours")
