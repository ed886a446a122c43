"""Prometheus' own checker of metrics: found on this machine, or taken from Debian's package.

`python -m tests.find_promtool --install` fetches the package `prometheus`, takes promtool out of
it and installs nothing else: no server is started. A machine without Debian's packages goes
without; the tests then read the metrics with the Python client's parser only, and say so.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_KEPT = Path(sys.prefix) / "bin" / "promtool"
_REMEDY = "Debian: apt-get update; macOS: brew install prometheus"


def find_promtool() -> Path | None:
    """Return promtool on PATH, or the one fetched for the tests, or None."""
    on_path = shutil.which("promtool")
    if on_path:
        return Path(on_path)
    return _KEPT if _KEPT.is_file() else None


def fetch_promtool() -> Path | None:
    """Return promtool after taking it out of Debian's package; None where that is impossible."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return None
    with tempfile.TemporaryDirectory() as folder:
        if not (_downloaded(folder) or (_run("apt-get", "-qq", "update") and _downloaded(folder))):
            return None
        for package in Path(folder).glob("prometheus_*.deb"):
            if _run("dpkg-deb", "--extract", str(package), folder):
                shutil.copy2(Path(folder) / "usr" / "bin" / "promtool", _KEPT)
    return find_promtool()


def _downloaded(folder: str) -> bool:
    return _run("apt-get", "-qq", "download", "prometheus", folder=folder)


def _run(*command: str, folder: str | None = None) -> bool:
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0


def main() -> int:
    """Print where promtool is, fetching it with `--install`; without one the tests go on."""
    found = find_promtool() or (fetch_promtool() if "--install" in sys.argv[1:] else None)
    print(f"promtool of the tests: {found or f'none ({_REMEDY})'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
