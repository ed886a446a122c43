"""What Lighthouse says of the dashboard, on a desktop: python -m bench.lighthouse

Needs npm, which fetches Lighthouse, and the Chromium of the tests. Prints scores of 100 and the
two moments people feel; the whole report goes to bench/out/lighthouse.html.
"""

import argparse
import json
import os
import subprocess
import tempfile
from datetime import timedelta
from pathlib import Path

import httpx

from cronpp_app.clock import utc_now
from cronpp_app.store.embedded_server import free_port
from tests.browser.find_browser import find_browser
from tests.browser.npm_packages import LIGHTHOUSE, LIGHTHOUSE_VERSION, fetched
from tests.cluster.program import PASSWORD, Program

OUT = Path(__file__).parent / "out"
CATEGORIES = ("performance", "accessibility", "best-practices")
MOMENTS = ("first-contentful-paint", "largest-contentful-paint", "total-blocking-time")


def prepare(url: str) -> str:
    """Return the session token of a new account with some jobs."""
    with httpx.Client(base_url=url, timeout=60) as http:
        body = {"email": "ada@example.org", "password": PASSWORD}
        token = str(http.post("/api/auth/signup", json=body).json()["token"])
        http.headers["Authorization"] = f"Bearer {token}"
        soon = (utc_now() + timedelta(days=2)).isoformat()
        for number in range(30):
            job = {
                "name": f"Job {number:02}",
                "schedule": {"kind": "once", "run_at": soon},
                "action": {"kind": "log", "message": "hi"},
            }
            http.post("/api/jobs", json=job).raise_for_status()
    return token


def audit(url: str, token: str, folder: Path) -> dict[str, object]:
    """Return Lighthouse's report on a page."""
    cli = fetched(LIGHTHOUSE, LIGHTHOUSE_VERSION) / "cli" / "index.js"
    OUT.mkdir(parents=True, exist_ok=True)
    headers = folder / "headers.json"
    headers.write_text(json.dumps({"Cookie": f"cronpp_session={token}"}), encoding="utf-8")
    command = [
        *("node", str(cli), url, "--preset=desktop", "--quiet", "--output=json", "--output=html"),
        f"--output-path={OUT / 'lighthouse'}",
        f"--only-categories={','.join(CATEGORIES)}",
        f"--extra-headers={headers}",
        f"--chrome-flags={' '.join(('--headless=new', '--no-sandbox'))}",
    ]
    subprocess.run(command, check=True, env={**os.environ, "CHROME_PATH": str(find_browser())})
    (OUT / "lighthouse.report.html").replace(OUT / "lighthouse.html")
    report: dict[str, object] = json.loads((OUT / "lighthouse.report.json").read_text())
    return report


def show(report: dict[str, object]) -> None:
    """Print scores, moments, and what cost points."""
    categories, audits = report["categories"], report["audits"]
    assert isinstance(categories, dict)
    assert isinstance(audits, dict)
    for name in CATEGORIES:
        print(f"  {name}: {round((categories[name]['score'] or 0) * 100)}")
        for ref in categories[name]["auditRefs"]:
            found = audits[ref["id"]]
            if ref["weight"] and found["score"] is not None and found["score"] < 0.9:
                print(f"    {found['title']}: {found.get('displayValue', '')}")
    for name in MOMENTS:
        print(f"  {name}: {audits[name]['displayValue']}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--path", default="/", help="the page to look at")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cronpp-bench-") as folder:
        program = Program(Path(folder) / "data", port=free_port(), CRONPP_WORKERS="0").start()
        try:
            token = prepare(program.url)
            show(audit(f"{program.url}{arguments.path}", token, Path(folder)))
        finally:
            program.stop()


if __name__ == "__main__":
    main()
