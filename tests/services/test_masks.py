from dataclasses import replace

import pytest

from cronpp_app.domain.jobs import HttpAction
from cronpp_app.domain.secrets import Sealed, mask, masked_headers
from cronpp_app.services.masks import shown_headers, with_kept, without_masks


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
    stored = action(Authorization="Bearer 12345678", **{"X-Api-Key": "key-87654321"})
    given = {"authorization": "••••5678", "X-Api-Key": "a new key"}
    headers, kept, problems = without_masks(given, stored)
    assert (kept, problems) == ({"authorization"}, ())
    edited = with_kept(action(**headers), stored, kept)
    assert edited.headers == {"authorization": "Bearer 12345678", "X-Api-Key": "a new key"}


def test_a_sealed_value_that_is_kept_stays_sealed() -> None:
    sealed = Sealed(key_id="k", data=b"secret")
    stored = replace(action(Cookie="••••"), sealed={"Cookie": sealed})
    headers, kept, _ = without_masks({"cookie": "••••"}, stored)
    edited = with_kept(action(**headers), stored, kept)
    assert (edited.headers, edited.sealed) == ({"cookie": "••••"}, {"cookie": sealed})


def test_a_marked_header_is_masked_and_a_mere_reference_is_not() -> None:
    marked = replace(
        action(**{"X-Token": "abcdefghij", "Authorization": "Bearer {{secret.KEY}}"}),
        secret_headers=("x-token",),
    )
    assert shown_headers(marked) == {
        "X-Token": "••••ghij",
        "Authorization": "Bearer {{secret.KEY}}",
    }


@pytest.mark.parametrize("given", ["••••9999", "••••", "••••56789"])
def test_a_mask_of_something_else_is_refused(given: str) -> None:
    stored = action(Authorization="Bearer 12345678")
    _, _, problems = without_masks({"Authorization": given}, stored)
    assert [problem.field for problem in problems] == ["action.headers.Authorization"]


def action(**headers: str) -> HttpAction:
    return HttpAction(method="GET", url="https://example.org/", headers=headers)
