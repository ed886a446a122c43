"""Tools that only npm has, each in one exact version, fetched when first asked for.

`python -m tests.browser.npm_packages` fetches what the tests need. They land in `.node/`, beside
`.venv/`, and never among the requirements of the program itself.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[2] / ".node"
AXE, AXE_VERSION = "axe-core", "4.14.1"
LIGHTHOUSE, LIGHTHOUSE_VERSION = "lighthouse", "13.5.0"
REMEDY = "Install npm (Debian: apt install npm) and try again."


class NoPackage(Exception):
    """A package is not there and could not be fetched; the message names the remedy."""


def axe_script() -> Path:
    """Return the file with axe-core for the browser, fetched if need be; raise NoPackage."""
    return fetched(AXE, AXE_VERSION) / "axe.min.js"


def fetched(name: str, version: str) -> Path:
    """Return the folder of a package in exactly this version; raise NoPackage."""
    place = FOLDER / f"{name}-{version}"
    package = place / "node_modules" / name
    if not (package / "package.json").exists():
        _fetch(f"{name}@{version}", place)
    return package


def _fetch(package: str, place: Path) -> None:
    print(f"Fetching {package} with npm …", flush=True)
    options = ("--no-audit", "--no-fund", "--no-save", "--ignore-scripts")
    command = [_npm(), "install", "--prefix", str(place), *options, package]
    place.mkdir(parents=True, exist_ok=True)
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        shutil.rmtree(place)
        raise NoPackage(f"npm could not fetch {package}: {answer.stderr.strip()[-600:]}")


def _npm() -> str:
    found = shutil.which("npm")
    if found is None and shutil.which("apt-get") and os.geteuid() == 0:
        print("Installing npm with apt-get …", flush=True)
        for command in (("update",), ("install", "-y", "--no-install-recommends", "npm")):
            apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", *command]
            subprocess.run(apt, capture_output=True, check=False)
        found = shutil.which("npm")
    if found is None:
        raise NoPackage(f"The accessibility tests need axe-core, and npm to fetch it. {REMEDY}")
    return found


def main() -> int:
    """Fetch what the tests need and return 0, or say what is missing and return 1."""
    try:
        print(f"Accessibility rules of the tests: {axe_script()}")
    except NoPackage as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
