"""The browser of the tests: found on this machine, or installed for them.

`python -m tests.browser.find_browser` prints what is used; with `--install` a machine without a
browser gets one. There is no way to go on without: tests that quietly skip prove nothing.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-liberation", "fonts-dejavu-core")
FLAGS = (
    "--no-sandbox",  # its sandbox does not start as root, nor in most containers
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
REMEDY = (
    "Install Chromium (Debian: apt install chromium) or name the executable of a Chromium or "
    "Chrome in CRONPP_BROWSER."
)


class NoBrowser(Exception):
    """There is no browser to test with; the message names the remedy."""


def browser_launch_options() -> dict[str, object]:
    """Return the arguments for Playwright's `chromium.launch`; raise NoBrowser without one."""
    browser = find_browser()
    if browser is None:
        raise NoBrowser(f"There is no browser to test with. {REMEDY}")
    return {"executable_path": str(browser), "args": list(FLAGS)}


def find_browser() -> Path | None:
    """Return CRONPP_BROWSER, else a Chromium on PATH, else the one Playwright downloaded."""
    named = os.environ.get("CRONPP_BROWSER")
    if named:
        return _checked(Path(named))
    on_path = (shutil.which(name) for name in NAMES)
    return next((Path(path) for path in on_path if path and _runs(Path(path))), _of_playwright())


def install_browser() -> Path:
    """Return a browser that runs, after installing one if need be; raise NoBrowser if neither."""
    found = find_browser()
    if found:
        return found
    tries = [_from_debian] if _may_use_apt() else []
    for attempt in (*tries, _from_playwright):
        attempt()
        found = find_browser()
        if found:
            return found
    raise NoBrowser(f"There is no browser to test with, and none could be installed. {REMEDY}")


def _checked(path: Path) -> Path:
    if not _runs(path):
        raise NoBrowser(f"CRONPP_BROWSER names {path}, which does not run. {REMEDY}")
    return path


def _runs(path: Path) -> bool:
    try:  # Ubuntu's `chromium-browser` without snap is there but only prints advice
        answer = subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def _of_playwright() -> Path | None:
    code = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as playwright: print(playwright.chromium.executable_path)"
    )
    # In a process of its own: an event loop of the caller and Playwright's do not mix.
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    path = Path(answer.stdout.strip() or "/nowhere")
    return path if _runs(path) else None


def _may_use_apt() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def _from_debian() -> None:
    print("Installing Chromium with apt-get …", flush=True)
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
    _run(*apt, "update")
    _run(*apt, "install", "-y", "--no-install-recommends", *PACKAGES)


def _from_playwright() -> None:
    print("Downloading Playwright's Chromium …", flush=True)
    _run(sys.executable, "-m", "playwright", "install", "chromium")


def _run(*command: str) -> None:
    """Run `command`; a failure is shown, and whether a browser came of it is seen afterwards."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    answer = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if answer.returncode != 0:
        sys.stderr.buffer.write(answer.stdout)
        sys.stderr.flush()


def main() -> int:
    """Print the browser's path and return 0, or say what is missing and return 1."""
    try:
        browser = install_browser() if "--install" in sys.argv[1:] else find_browser()
    except NoBrowser as error:
        print(error, file=sys.stderr)
        return 1
    if browser is None:
        print(f"There is no browser to test with. {REMEDY}", file=sys.stderr)
        return 1
    print(f"Browser of the tests: {browser}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
