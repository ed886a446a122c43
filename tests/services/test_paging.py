from datetime import timedelta
from typing import Any

import pytest

from cronpp_app.errors import InvalidInput
from cronpp_app.services.paging import COUNTED_TO, page_of, read_cursor, write_cursor
from tests.factories import NOON


@pytest.mark.parametrize("key", ["straße", "", NOON, NOON + timedelta(milliseconds=7)])
def test_a_cursor_leads_back_to_its_position(key: Any) -> None:
    cursor = write_cursor("jobs name", (key, "id-1"))
    assert cursor is not None
    assert cursor.isascii()
    assert read_cursor("jobs name", cursor) == (key, "id-1")


def test_the_end_of_a_list_has_no_cursor() -> None:
    assert write_cursor("runs", None) is None
    assert read_cursor("runs", None) is None


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "é",
        "!!!!",
        "bnVsbA",
        "W1tdXQ",
        "eyIkZ3QiOiAiIn0",
        write_cursor("jobs name", ("x", "id")),
        "WyJydW5zIiwgMTAwMDAwMDAwMDAwMDAwMDAwMDAwMDAsICJpZCJd",
        "WyJydW5zIiwgeyIkZ3QiOiAiIn0sICJpZCJd",
        write_cursor("runs", ("\ud800", "id")),
        write_cursor("runs", ("x", "\udfff")),
    ],
)
def test_any_other_text_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_cursor("runs", cursor)
    assert caught.value.errors[0].field == "cursor"


def test_totals_stop_at_ten_thousand_and_say_so() -> None:
    exact = page_of([1], next_cursor=None, counted=COUNTED_TO)
    more = page_of([1], next_cursor=None, counted=COUNTED_TO + 1)
    assert (exact.total, exact.total_is_exact) == (10_000, True)
    assert (more.total, more.total_is_exact) == (10_000, False)
