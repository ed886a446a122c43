"""The `mongod` to embed is found in a known order, and one that cannot run is explained."""

import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cronpp_app.errors import SetupError
from cronpp_app.store import embedded_binary
from cronpp_app.store.embedded import start_embedded
from cronpp_app.store.embedded_binary import find_mongod, wheel_mongod

VERSION = "echo 'db version v{}'"
# What glibc's loader prints.
MISSING = (
    "mongod: error while loading shared libraries: {}: "
    "cannot open shared object file: No such file or directory"
)
TOO_OLD = "/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by mongod)"

Script = Callable[..., Path]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    def make(*lines: str, name: str = "mongod") -> Path:
        path = tmp_path / name
        path.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
        path.chmod(0o755)
        return path

    return make


def complaint(text: str) -> str:
    return f"cat >&2 <<'END'\n{text}\nEND\nexit 127"


def test_the_configured_binary_comes_first(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    on_path = script(VERSION.format("7.0.1"))
    configured = script(VERSION.format("8.0.4"), name="mongod-8")
    monkeypatch.setenv("PATH", f"{on_path.parent}{os.pathsep}{os.environ['PATH']}")
    found = find_mongod(str(configured))
    assert (found.path, found.version) == (configured, "8.0.4")


def test_the_one_on_path_comes_before_the_wheel(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path = script(VERSION.format("7.0.1"))
    monkeypatch.setenv("PATH", f"{on_path.parent}{os.pathsep}{os.environ['PATH']}")
    assert find_mongod().path == on_path


@pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="pinned for this platform"
)
def test_the_wheel_serves_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin/nothing-here")
    found = find_mongod("")
    assert found.path == wheel_mongod()
    assert found.version.startswith("6.0.")


def test_without_any_the_remedies_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin/nothing-here")
    monkeypatch.setattr(embedded_binary, "wheel_mongod", lambda: None)
    with pytest.raises(
        SetupError, match=r"no MongoDB to embed.*CRONPP_MONGOD;.*CRONPP_MONGODB_URI"
    ):
        find_mongod()


def test_a_configured_path_that_is_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=rf"CRONPP_MONGOD names {tmp_path}/nowhere, which is not"):
        start_embedded(tmp_path / "data", mongod=f"{tmp_path}/nowhere")


@pytest.mark.parametrize(
    ("library", "remedy"),
    [
        ("libcurl.so.4", "apt install libcurl4"),
        ("libssl.so.3", "apt install libssl3"),
        ("libcrypto.so.3", "apt install libssl3"),
        ("libsnappy.so.1", "install the package that brings libsnappy.so.1"),
    ],
)
def test_a_missing_library_is_named_with_its_remedy(
    script: Script, library: str, remedy: str
) -> None:
    path = script(complaint(MISSING.format(library)))
    with pytest.raises(SetupError, match=rf"needs the shared library {library}.*{remedy}"):
        find_mongod(str(path))


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ((complaint(TOO_OLD),), r"it needs GLIBC_2\.34, which this system is too old for"),
        (("kill -ILL $$",), "this processor lacks AVX"),
    ],
)
def test_a_machine_it_was_not_made_for_is_told_so(
    script: Script, lines: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(SetupError, match=rf"cannot run on this machine .*{reason}"):
        find_mongod(str(script(*lines)))


def test_a_binary_of_another_architecture_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "mongod"
    path.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(57))
    path.chmod(0o755)
    with pytest.raises(SetupError, match=r"cannot run on this machine .*Exec format error"):
        find_mongod(str(path))


def test_a_binary_that_may_not_be_executed_is_told_with_the_command(script: Script) -> None:
    path = script(VERSION.format("7.0.1"))
    path.chmod(0o644)
    with pytest.raises(SetupError, match=rf"may not be executed\. Remedy: chmod \+x {path}"):
        find_mongod(str(path))


def test_a_version_that_is_too_old_is_refused(script: Script) -> None:
    with pytest.raises(SetupError, match=r"is MongoDB 4\.4\.29; Cron\+\+ needs 5\.0 or later"):
        find_mongod(str(script(VERSION.format("4.4.29"))))


def test_any_other_failure_is_repeated_in_its_own_words(script: Script) -> None:
    path = script(complaint("first line\nthe stars are wrong"))
    with pytest.raises(SetupError, match=r"failed with status 127: the stars are wrong"):
        find_mongod(str(path))
