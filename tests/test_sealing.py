"""Sealed secrets: opened with the right key in the right place, and nowhere else."""

import pytest

from cronpp_app.domain.secrets import Sealed
from cronpp_app.sealing import CannotUnseal, KeyRing, UnknownKey, derive_key

KEY, OTHER = "the key of this installation", "the key of another one"
PLACE = "jobs/j1/headers/authorization"


@pytest.mark.parametrize("text", ["", "Bearer 123456", "schlüssel 🔑", "x" * 8_192])
def test_what_is_sealed_can_be_opened_in_its_place(text: str) -> None:
    sealed = KeyRing(KEY).seal(text, place=PLACE)
    assert KeyRing(KEY).unseal(sealed, place=PLACE) == text
    assert len(text) < 6 or text.encode() not in sealed.data


def test_the_same_secret_never_looks_the_same_twice() -> None:
    ring = KeyRing(KEY)
    assert ring.seal("Bearer 123456", place=PLACE) != ring.seal("Bearer 123456", place=PLACE)


def test_a_secret_that_was_moved_to_another_document_cannot_be_opened() -> None:
    ring = KeyRing(KEY)
    sealed = ring.seal("Bearer 123456", place=PLACE)
    with pytest.raises(CannotUnseal, match="does not belong here"):
        ring.unseal(sealed, place="jobs/j2/headers/authorization")


def test_a_secret_that_was_changed_cannot_be_opened() -> None:
    ring = KeyRing(KEY)
    sealed = ring.seal("Bearer 123456", place=PLACE)
    for data in (sealed.data[:-1] + b"x", sealed.data[:12], b""):
        with pytest.raises(CannotUnseal):
            ring.unseal(Sealed(key_id=sealed.key_id, data=data), place=PLACE)


def test_another_key_is_told_by_name_of_the_setting() -> None:
    sealed = KeyRing(KEY).seal("Bearer 123456", place=PLACE)
    with pytest.raises(UnknownKey, match="CRONPP_SECRET_KEY"):
        KeyRing(OTHER).unseal(sealed, place=PLACE)


def test_every_purpose_has_a_key_of_its_own() -> None:
    keys = {derive_key(KEY, purpose) for purpose in ("sealing", "sessions", "key id")}
    assert len(keys) == 3
    assert derive_key(KEY, "sealing") != derive_key(OTHER, "sealing")


def test_a_new_key_can_be_handed_on_under_the_old_one() -> None:
    old, new = KeyRing(KEY), KeyRing(OTHER)
    new.unwrap(old.own_id, _handed(old, to=new))
    sealed = old.seal("Bearer 123456", place=PLACE)
    assert new.unseal(sealed, place=PLACE) == "Bearer 123456"


def _handed(ring: KeyRing, *, to: KeyRing) -> Sealed:
    """Return the key of `ring`, wrapped by that of `to` on a ring that has both."""
    both = KeyRing(KEY)
    both.add(OTHER)
    return both.wrap(ring.own_id, by=to.own_id)
