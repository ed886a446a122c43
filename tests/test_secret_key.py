"""The secret key: made once, kept to oneself, never weak."""

import stat
from pathlib import Path

import pytest

from cronpp_app.errors import SetupError
from cronpp_app.secret_key import load_secret_key


def test_a_generated_key_is_kept_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    key = load_secret_key("", tmp_path / "data")
    assert load_secret_key("", tmp_path / "data") == key
    mode = (tmp_path / "data" / "secret.key").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_a_given_key_wins(tmp_path: Path) -> None:
    assert load_secret_key("a" * 32, tmp_path) == "a" * 32
    assert not (tmp_path / "secret.key").exists()


def test_a_short_key_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="CRONPP_SECRET_KEY must have at least 16"):
        load_secret_key("hunter2", tmp_path)


def test_a_folder_that_cannot_be_used_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file, not a folder")
    with pytest.raises(SetupError, match="or set CRONPP_SECRET_KEY"):
        load_secret_key("", tmp_path / "data")


def test_a_damaged_file_gives_a_key_that_is_told_from_the_right_one(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_bytes(b"\xff\xfe" * 30)
    assert load_secret_key("", tmp_path, may_make=False) == "\ufffd" * 60
