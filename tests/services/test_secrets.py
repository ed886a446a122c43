import pytest

from cronpp_app.domain.secrets import mask, masked_headers
from cronpp_app.services.secrets import restored_headers


def test_a_mask_shows_the_last_four_characters() -> None:
    assert mask("Bearer sk-live-123456") == "••••3456"


@pytest.mark.parametrize("short", ["", "a", "abcd", "abcdefg"])
def test_of_a_short_secret_nothing_is_shown(short: str) -> None:
    assert mask(short) == "••••"


@pytest.mark.parametrize("value", ["Bearer sk-live-123456", "short", ""])
def test_masking_a_mask_changes_nothing(value: str) -> None:
    assert mask(mask(value)) == mask(value)


def test_only_secret_headers_are_masked_in_whatever_case() -> None:
    headers = {"AUTHORIZATION": "a" * 9, "cookie": "b" * 9, "X-Api-Key": "c" * 9, "Accept": "text"}
    assert masked_headers(headers) == {
        "AUTHORIZATION": "••••aaaa",
        "cookie": "••••bbbb",
        "X-Api-Key": "••••cccc",
        "Accept": "text",
    }


def test_a_mask_that_comes_back_stands_for_the_stored_value() -> None:
    stored = {"Authorization": "Bearer 12345678", "X-Api-Key": "key-87654321"}
    given = {"authorization": "••••5678", "X-Api-Key": "a new key"}
    restored, problems = restored_headers(given, stored)
    assert restored == {"authorization": "Bearer 12345678", "X-Api-Key": "a new key"}
    assert problems == ()


@pytest.mark.parametrize("given", ["••••9999", "••••", "••••56789"])
def test_a_mask_of_something_else_is_refused(given: str) -> None:
    _, problems = restored_headers({"Authorization": given}, {"Authorization": "Bearer 12345678"})
    assert [problem.field for problem in problems] == ["action.headers.Authorization"]
